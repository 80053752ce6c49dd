package httpx

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
)

// mux leads each request to its route. An address that exists, but not for the method, is 405;
// every other one is 404.
func (e *Edge) mux(handlers map[string]Handler) (http.Handler, error) {
	handlers = maps.Clone(handlers)
	maps.Copy(handlers, e.asking())
	mux := http.NewServeMux()
	allowed := map[string][]string{} // by address
	for _, route := range Routes() {
		h, ok := handlers[route.Pattern]
		if !ok {
			return nil, fmt.Errorf("route %q has no handler", route.Pattern)
		}
		method, address, _ := strings.Cut(route.Pattern, " ")
		mux.Handle(method+" "+e.base+address, e.admitTo(&route, h))
		if route.AnyHost {
			e.anyHost[e.base+address] = true
		}
		if route.AnyMethod {
			mux.Handle(e.base+address, e.admitTo(&route, h))
			continue
		}
		allowed[address] = append(allowed[address], method)
		if prefix, name, parameter := strings.Cut(address, "{"); parameter && !strings.HasPrefix(name, "$") {
			e.shapes = append(e.shapes, shape{prefix, address})
		}
	}
	if len(handlers) != len(Routes()) {
		return nil, fmt.Errorf("%d handlers for %d routes", len(handlers), len(Routes()))
	}
	for path, methods := range allowed {
		mux.Handle(e.base+path, e.admitTo(&Route{Form: formOf(path)}, wrongMethod(methods)))
	}
	nowhere := e.admitTo(&Route{}, func(_ http.ResponseWriter, r *http.Request, _ *door.Visit) error {
		if _, below := e.below(r.URL.Path); !below && e.base != "" {
			return fault.New(fault.NotFound, "This site stands below "+e.publicURL+"/, and the request came without that path. If a proxy stands "+
				"before it, let it pass on paths as they are.")
		}
		return fault.New(fault.NotFound, "There is no such page. The address may be mistyped, or what stood here is gone.")
	})
	mux.Handle("/", nowhere)
	for _, path := range []string{"/api", "/api/"} {
		mux.Handle(e.base+path, e.admitTo(&Route{Form: JSON}, func(http.ResponseWriter, *http.Request, *door.Visit) error {
			return fault.New(fault.NotFound, "There is no such address: openapi.json describes those there are.")
		}))
	}
	if e.base != "" {
		mux.Handle(e.base+"/", nowhere) // so that the prefix alone leads to its slash
	}
	return mux, nil
}

// formOf is the form in which a path speaks, for answers that no route of its own gives.
func formOf(path string) Form {
	for _, route := range Routes() {
		if _, p, _ := strings.Cut(route.Pattern, " "); p == path {
			return route.Form
		}
	}
	return Page
}

func wrongMethod(methods []string) Handler {
	if slices.Contains(methods, http.MethodGet) {
		methods = append(methods, http.MethodHead)
	}
	slices.Sort(methods)
	allow := strings.Join(methods, ", ")
	return func(w http.ResponseWriter, _ *http.Request, _ *door.Visit) error {
		w.Header().Set("Allow", allow)
		return errMethod
	}
}
