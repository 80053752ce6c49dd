"""Requests per minute by outcome, and the drawing of the last hours as numbers for a template."""

from collections import deque
from datetime import datetime, timedelta, timezone

BARS = 36
STEP = timedelta(minutes=10)
TOP, HEIGHT = 22, 140
OUTCOMES = ("answered", "sent on", "refused", "failed")  # 2xx to 5xx


class Minutes:
    """Counts requests. The caller sees to it that one thread at a time uses it."""

    def __init__(self):
        self._counts = deque(maxlen=int(BARS * STEP / timedelta(minutes=1)))  # of [minute, [2xx, 3xx, 4xx, 5xx]]
        self._drawn, self._drawing = None, None

    def add(self, at, status):
        minute = at.replace(second=0, microsecond=0)
        if not self._counts or self._counts[-1][0] != minute:
            self._counts.append([minute, [0, 0, 0, 0]])
        self._counts[-1][1][min(max(status // 100, 2), 5) - 2] += 1

    def add_history(self, now):
        """Fills the six hours before with the numbers of ../dashboard/history.go."""
        minute = now.replace(second=0, microsecond=0)
        for i in range(359, 0, -1):
            self._counts.append([minute - timedelta(minutes=i), [40 + i * 37 % 60, 5 + i % 7, i % 11, i % 13 // 12]])

    def draw(self, now):
        """Gives a drawing that is at most a second old."""
        if self._drawn is None or now - self._drawn >= timedelta(seconds=1):
            self._drawn, self._drawing = now, self._draw(now)
        return self._drawing

    def _draw(self, now):
        """Adds the minutes up to bars, and places these: x and width in percent, y and height in pixels."""
        step = int(STEP.total_seconds())
        end = (int(now.timestamp()) // step + 1) * step
        start = datetime.fromtimestamp(end, timezone.utc) - BARS * STEP
        bars = [[0, 0, 0, 0] for _ in range(BARS)]
        for minute, counts in self._counts:
            i = (minute - start) // STEP
            if 0 <= i < BARS:
                for k, n in enumerate(counts):
                    bars[i][k] += n
        most = max(map(sum, bars))
        top = round_up(most)
        width = 100 / BARS
        columns = []
        for i, counts in enumerate(bars):
            if not any(counts):
                continue
            y, boxes = TOP + HEIGHT, []
            for k, n in enumerate(counts):
                if n:
                    height = max(round(n / top * HEIGHT), 2)
                    y -= height
                    boxes.append({"outcome": k + 2, "y": y, "height": height})
            columns.append({"at": start + i * STEP, "x": i * width, "counts": counts, "boxes": boxes})
        ticks = [{"at": start + i * STEP, "x": i * width}
                 for i in range(BARS) if (start + i * STEP).minute == 0]
        totals = [sum(counts) for counts in zip(*bars)]
        busiest = max(columns, key=lambda c: sum(c["counts"]), default=None)
        return {"start": start, "until": start + BARS * STEP, "top": top, "columns": columns, "ticks": ticks,
                "width": width * 0.8, "totals": list(zip(range(2, 6), OUTCOMES, totals)), "total": sum(totals),
                "busiest": busiest}


def round_up(n):
    """The first round number that is not below n."""
    unit = 1
    while True:
        for m in (1, 2, 4, 6, 8):
            if m * unit >= n:
                return m * unit
        unit *= 10
