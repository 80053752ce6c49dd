package httpx

import "net/http"

// clientAddr is Addresses.Of. What is wrong with a proxy, or with the settings that know it, is
// logged the first time: without what the header said, which a visitor may have sent.
func (e *Edge) clientAddr(r *http.Request) string {
	addr, w := e.addresses.find(r)
	if w != plain {
		e.told[w].Do(func() { e.tell(r, w) })
	}
	return addr
}

// tell logs what the operator has to mend.
func (e *Edge) tell(r *http.Request, w notice) {
	header := e.addresses.header()
	switch w {
	case odd: // all visitors of that proxy may be of one network now
		e.log.Error("a trusted proxy's "+header+" is not understood; visitors whom it names so count as one, from nowhere",
			"proxy", r.RemoteAddr, "lines", len(r.Header[header]))
	case untrusted: // a proxy that nobody named, or a visitor who tries
		e.log.Warn(header+" came from an address that is no trusted proxy, and is not believed; "+
			"if that is your proxy, name it in --trusted-proxies, or all of its visitors count as one", "peer", r.RemoteAddr)
	case wrongWords:
		e.log.Error("a trusted proxy names its visitors in another header than "+header+
			"; until --client-addr-header says which one, they all count as one", "proxy", r.RemoteAddr)
	}
}
