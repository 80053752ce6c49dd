// Package e2e holds nothing but tests: the whole program as a process, seen through a browser, over
// HTTP, and in the files that it leaves; several nodes of it on one MongoDB behind nginx, and
// beside a Flask application. Run them with `make e2e`, which tells them where the program and the
// browser are:
//
//	DOORBOOK_BIN          the program; without it, it is built
//	DOORBOOK_CHROMIUM     the browser; without it, the tests look for one
//	DOORBOOK_AXE          axe.min.js of axe-core, the accessibility checker
//	DOORBOOK_CACHE        the folder that has FerretDB, which stands in for MongoDB (see scripts/setup)
//	DOORBOOK_SCREENSHOTS  the folder that screenshots are kept in; without it, they are thrown away
package e2e
