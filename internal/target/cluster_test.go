// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

func TestRuntimeClasses(t *testing.T) {
	class := func(name string) *nodev1.RuntimeClass {
		return &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Handler: name}
	}

	cases := map[string]struct {
		reason  string
		objects []client.Object
		list    error
		want    []nodev1.RuntimeClass
		err     string
	}{
		"None": {
			reason: "An empty list says that there are none; nil would say that they are not known.",
			want:   []nodev1.RuntimeClass{},
		},
		"Some": {
			reason:  "All there are, by name.",
			objects: []client.Object{class("kata"), class("gvisor")},
			want:    []nodev1.RuntimeClass{*class("gvisor"), *class("kata")},
		},
		"Error": {
			reason: "What cannot be listed is not known.",
			list:   errBoom,
			err:    "cannot list the target's RuntimeClasses: boom",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := &Cluster{Client: interceptor.NewClient(controlPlane(t, tc.objects...), interceptor.Funcs{
				List: func(ctx context.Context, c client.WithWatch, l client.ObjectList, opts ...client.ListOption) error {
					if tc.list != nil {
						return tc.list
					}
					return c.List(ctx, l, opts...)
				},
			})}
			got, err := c.RuntimeClasses(t.Context())
			if diff := cmp.Diff(tc.err, words(err)); diff != "" {
				t.Errorf("\n%s\nRuntimeClasses(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			ignore := cmp.Options{cmpopts.IgnoreFields(metav1.ObjectMeta{}, "ResourceVersion"), cmpopts.IgnoreTypes(metav1.TypeMeta{})}
			if diff := cmp.Diff(tc.want, got, ignore); diff != "" {
				t.Errorf("\n%s\nRuntimeClasses(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// An apiServer answers as a Kubernetes API server with nothing but Pods in it
// would.
type apiServer struct {
	*httptest.Server

	// deny answers requests for a path in the server's stead.
	deny map[string]metav1.Status
	// pods are those there are; the server has nothing else.
	pods []corev1.Pod

	mu    sync.Mutex
	asked []string
	ended chan string
}

// served are the kinds that the server has, by the names that paths have for them.
func served() map[string]metav1.TypeMeta {
	return map[string]metav1.TypeMeta{
		"pods":            {APIVersion: "v1", Kind: "Pod"},
		"services":        {APIVersion: "v1", Kind: "Service"},
		"configmaps":      {APIVersion: "v1", Kind: "ConfigMap"},
		"secrets":         {APIVersion: "v1", Kind: "Secret"},
		"serviceaccounts": {APIVersion: "v1", Kind: "ServiceAccount"},
		"namespaces":      {APIVersion: "v1", Kind: "Namespace"},
		"deployments":     {APIVersion: "apps/v1", Kind: "Deployment"},
		"roles":           {APIVersion: "rbac.authorization.k8s.io/v1", Kind: "Role"},
		"rolebindings":    {APIVersion: "rbac.authorization.k8s.io/v1", Kind: "RoleBinding"},
		"runtimeclasses":  {APIVersion: "node.k8s.io/v1", Kind: "RuntimeClass"},
	}
}

// watchedKinds are those that are watched in every target.
func watchedKinds() []string {
	return []string{"configmaps", "deployments", "pods", "rolebindings", "roles", "runtimeclasses", "secrets", "serviceaccounts", "services"}
}

func newAPIServer(t *testing.T) *apiServer {
	t.Helper()
	s := &apiServer{deny: map[string]metav1.Status{}, ended: make(chan string, 100)}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if st, ok := s.deny[r.URL.Path]; ok {
		st.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
		st.Status = metav1.StatusFailure
		w.WriteHeader(int(st.Code))
		reply(w, st)
		return
	}
	s.serveObjects(w, r)
}

// serveObjects notes the request and answers with an empty list, with an object
// that was made, or with a watch in which nothing but what it began with happens
// until the client ends it.
func (s *apiServer) serveObjects(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.note(r, q)
	plural := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	kind, ok := served()[plural]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		reply(w, metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: http.StatusNotFound, Reason: metav1.StatusReasonNotFound})
		return
	}
	items := []corev1.Pod{}
	if plural == "pods" {
		items = append(items, s.pods...)
	}
	switch {
	case r.Method == http.MethodPost:
		w.WriteHeader(http.StatusCreated)
		reply(w, map[string]any{"apiVersion": kind.APIVersion, "kind": kind.Kind, "metadata": map[string]string{"name": "made"}})
	case q.Get("watch") == "":
		reply(w, map[string]any{"apiVersion": kind.APIVersion, "kind": kind.Kind + "List", "metadata": map[string]string{"resourceVersion": "1"}, "items": items})
	default:
		w.WriteHeader(http.StatusOK)
		if q.Get("sendInitialEvents") == "true" {
			for i := range items {
				reply(w, map[string]any{"type": "ADDED", "object": items[i]})
			}
			reply(w, map[string]any{"type": "BOOKMARK", "object": map[string]any{
				"apiVersion": kind.APIVersion, "kind": kind.Kind,
				"metadata": map[string]any{"resourceVersion": "1", "annotations": map[string]string{metav1.InitialEventsAnnotationKey: "true"}},
			}})
		}
		_ = http.NewResponseController(w).Flush() // Where the client is gone, the context has ended.
		<-r.Context().Done()
		s.ended <- plural
	}
}

// note a request: what is asked for, by which selector and manager.
func (s *apiServer) note(r *http.Request, q url.Values) {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := strings.ToLower(r.Method)
	if q.Get("watch") != "" {
		asked = "watch"
	}
	asked += " " + r.URL.Path
	for _, key := range []string{"labelSelector", "fieldManager", "limit"} {
		if v := q.Get(key); v != "" {
			asked += " " + key + "=" + v
		}
	}
	s.asked = append(s.asked, asked)
}

// requests are those noted, in the order of the alphabet.
func (s *apiServer) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(s.asked)))
}

func reply(w http.ResponseWriter, o any) {
	raw, err := json.Marshal(o)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(raw) // A client that is gone needs no answer.
}

func TestOpen(t *testing.T) {
	s := newAPIServer(t)
	var watched []cache.Cache
	watch := func(c cache.Cache) error {
		watched = append(watched, c)
		return nil
	}
	kube := controlPlane(t, clusterConfig("a", injected()))
	clusters := NewClusters(t.Context(), &rest.Config{Host: s.URL}, kube)
	for range 2 {
		if err := clusters.Watch(watch); err != nil {
			t.Fatalf("Watch(...): %v", err)
		}
	}

	cl, err := clusters.Connect(t.Context(), performer("ClusterProviderConfig", "a"))
	if err != nil {
		t.Fatalf("Connect(...): %v", err)
	}
	if len(watched) != 2 || watched[0] != watched[1] {
		t.Errorf("every watch is started, on the cluster's one cache: got %v", watched)
	}
	opening := s.requests()
	if err := cl.Get(t.Context(), client.ObjectKey{Namespace: "ns", Name: "gone"}, &corev1.Pod{}); !kerrors.IsNotFound(err) {
		t.Errorf("an object that the cache does not have is not found: got %v", err)
	}
	if err := cl.Get(t.Context(), client.ObjectKey{Name: "ns"}, &corev1.Namespace{}); !errors.As(err, new(*cache.ErrResourceNotCached)) {
		t.Errorf("a kind that is not cached is refused: to read one would cache all there are: got %v", err)
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "made"}}
	if err := cl.Create(t.Context(), pod); err != nil {
		t.Errorf("cannot create a Pod: %v", err)
	}
	pods := &corev1.PodList{}
	if err := cl.Live.List(t.Context(), pods); err != nil {
		t.Errorf("cannot list at the API server: %v", err)
	}

	both, executors := " labelSelector=app in (hourglass-executor,hourglass-performer)", " labelSelector=app=hourglass-executor"
	want := []string{
		"get /api/v1/configmaps limit=1",
		"get /api/v1/pods limit=1",
		"get /api/v1/secrets limit=1",
		"get /api/v1/serviceaccounts limit=1",
		"get /api/v1/services limit=1",
		"get /apis/apps/v1/deployments limit=1",
		"get /apis/node.k8s.io/v1/runtimeclasses limit=1",
		"get /apis/rbac.authorization.k8s.io/v1/rolebindings limit=1",
		"get /apis/rbac.authorization.k8s.io/v1/roles limit=1",
		"watch /api/v1/configmaps" + executors,
		"watch /api/v1/pods" + both,
		"watch /api/v1/secrets" + executors,
		"watch /api/v1/serviceaccounts" + executors,
		"watch /api/v1/services" + both,
		"watch /apis/apps/v1/deployments" + executors,
		"watch /apis/node.k8s.io/v1/runtimeclasses",
		"watch /apis/rbac.authorization.k8s.io/v1/rolebindings" + executors,
		"watch /apis/rbac.authorization.k8s.io/v1/roles" + executors,
	}
	if diff := cmp.Diff(want, opening); diff != "" {
		t.Errorf("one question for each kind and none for all kinds, then a watch of what is ours: -want, +got:\n%s", diff)
	}
	want = append([]string{"get /api/v1/pods"}, want...)
	want = append(want, "post /api/v1/namespaces/ns/pods fieldManager=provider-hourglass")
	slices.Sort(want)
	if diff := cmp.Diff(want, s.requests()); diff != "" {
		t.Errorf("reads of the cache send nothing, writes go out under the provider's name: -want, +got:\n%s", diff)
	}

	clusters.Release(Ref{Kind: "ClusterProviderConfig", Name: "a"})
	if diff := cmp.Diff(watchedKinds(), s.endedWatches()); diff != "" {
		t.Errorf("a cluster that nobody needs is watched no longer: -want, +got:\n%s", diff)
	}
}

// endedWatches waits until as many watches have ended as there are kinds.
func (s *apiServer) endedWatches() []string {
	ended := make([]string, 0, len(watchedKinds()))
	for range watchedKinds() {
		ended = append(ended, <-s.ended)
	}
	slices.Sort(ended)
	return ended
}

// TestOpenIndex lists Pods by their owner, whatever they are called.
func TestOpenIndex(t *testing.T) {
	s := newAPIServer(t)
	owned := func(name, owner string) corev1.Pod {
		return corev1.Pod{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "ns", Name: name, ResourceVersion: "1",
				Labels: map[string]string{workload.LabelApp: workload.AppPerformer}, Annotations: map[string]string{workload.AnnotationOwner: owner},
			},
		}
	}
	s.pods = []corev1.Pod{owned("a", "1"), owned("b", "2"), owned("c", "1")}
	cl, err := open(t.Context(), &rest.Config{Host: s.URL}, testScheme(t))
	if err != nil {
		t.Fatalf("open(...): %v", err)
	}
	pods := &corev1.PodList{}
	if err := cl.List(t.Context(), pods, client.InNamespace("ns"), client.MatchingFields{IndexOwner: "1"}); err != nil {
		t.Fatalf("the Pods of an owner cannot be listed: %v", err)
	}
	names := make([]string, 0, len(pods.Items))
	for i := range pods.Items {
		names = append(names, pods.Items[i].Name)
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"a", "c"}, names); diff != "" {
		t.Errorf("the Pods of an owner are those that name it: -want, +got:\n%s", diff)
	}
	cl.stop()
	s.endedWatches()
}

// TestOpenFailures has a cluster fail in the ways that users meet. What the API
// server or the network says must reach them, and no credentials.
func TestOpenFailures(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // It would tell of the handshake that is to fail.
	secure.StartTLS()
	t.Cleanup(secure.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	garbage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<html>a proxy's welcome</html>") // A client that is gone needs no answer.
	}))
	t.Cleanup(garbage.Close)

	unauthorized, forbidden := newAPIServer(t), newAPIServer(t)
	unauthorized.deny["/api/v1/pods"] = metav1.Status{Code: http.StatusUnauthorized, Reason: metav1.StatusReasonUnauthorized, Message: "Unauthorized"}
	const sentence = `services is forbidden: User "robot" cannot list resource "services" in API group "" at the cluster scope`
	forbidden.deny["/api/v1/services"] = metav1.Status{Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: sentence}

	cases := map[string]struct {
		reason string
		host   string
		want   []string
	}{
		"UnknownAuthority": {
			reason: "A certificate that nobody vouches for is told as such.",
			host:   secure.URL,
			want:   []string{"the target cluster", "certificate signed by unknown authority"},
		},
		"Unreachable": {
			reason: "A server that is not there is told with its address.",
			host:   gone.URL,
			want:   []string{"the target cluster", strings.TrimPrefix(gone.URL, "http://"), "connection refused"},
		},
		"Unauthorized": {
			reason: "Credentials that are not accepted are told as such.",
			host:   unauthorized.URL,
			want:   []string{"the target cluster", "Unauthorized"},
		},
		"Forbidden": {
			reason: "A right that is missing is told in the API server's own words: they name the user and the right.",
			host:   forbidden.URL,
			want:   []string{"cannot read from the target cluster", sentence},
		},
		"NotKubernetes": {
			reason: "A server of another kind is an error, not a cluster with nothing in it.",
			host:   garbage.URL,
			want:   []string{"the target cluster"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			cl, err := open(t.Context(), &rest.Config{Host: tc.host, BearerToken: testToken}, testScheme(t))
			if cl != nil {
				t.Errorf("\n%s\nopen(...): want no cluster", tc.reason)
			}
			if !strings.HasPrefix(words(err), "cannot ") || strings.Contains(words(err), testToken) {
				t.Errorf("\n%s\nopen(...): want a sentence without the token, got %v", tc.reason, err)
			}
			for _, w := range tc.want {
				if !strings.Contains(words(err), w) {
					t.Errorf("\n%s\nopen(...): want %q in the error, got %v", tc.reason, w, err)
				}
			}
		})
	}
}

func TestOpenCanceled(t *testing.T) {
	s := newAPIServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := open(ctx, &rest.Config{Host: s.URL}, testScheme(t))
	if diff := cmp.Diff(context.Canceled, err, cmpopts.EquateErrors()); diff != "" {
		t.Errorf("an opening that is called off says so: open(...): -want error, +got error:\n%s", diff)
	}
}
