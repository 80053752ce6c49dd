"""Where accounts and log entries are: in memory, so that no database slows anything down, or in MongoDB."""

import secrets
from collections import deque


class Memory:
    """Each worker of gunicorn has its own."""

    def __init__(self, developer):
        self._developers = {developer["email"]: {"_id": secrets.token_hex(12), **developer}}
        self._logs = deque(maxlen=100_000)

    def developer(self, email):
        return self._developers.get(email)

    def newest(self, n):
        return [self._logs[-i] for i in range(1, min(n, len(self._logs)) + 1)]

    def append(self, entry):
        self._logs.append(entry)


class Mongo:
    """The original's collections, asked the way it did."""

    def __init__(self, url, developer):
        from bson import ObjectId
        from pymongo import MongoClient
        from pymongo.errors import DuplicateKeyError

        self._object_id = ObjectId
        database = MongoClient(url, tz_aware=True).get_default_database()
        self._developers, self._logs = database.developers, database.logs
        self._developers.create_index("email")
        self._logs.create_index([("created_at", -1)])
        try:
            self._developers.insert_one({"_id": ObjectId(b"ada lovelace"), **developer})
        except DuplicateKeyError:
            pass  # by the other worker

    def developer(self, email):
        return self._developers.find_one({"email": email})

    def newest(self, n):
        return list(self._logs.find().sort("created_at", -1).limit(n))

    def append(self, entry):
        self._logs.insert_one({**entry, "_id": self._object_id(entry["_id"])})
