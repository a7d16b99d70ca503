package kubernetes

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/scaler"
)

// The external metrics API (k8s.io/metrics/pkg/apis/external_metrics/v1beta1), whose types are small enough to stand here.
const (
	externalGroup   = "external.metrics.k8s.io"
	externalVersion = "v1beta1"
	externalPath    = "/apis/" + externalGroup + "/" + externalVersion
)

// ReplicasMetric is the metric that ExternalMetrics has: the count of the newest decision about a workload.
const ReplicasMetric = "headroom_replicas"

// WorkloadLabel selects one of the workloads of a namespace.
const WorkloadLabel = "workload"

// ExternalMetrics is a Handler of the external metrics API, from which an HPA takes recommendations:
//
//	metrics:
//	- type: External
//	  external:
//	    metric: {name: headroom_replicas, selector: {matchLabels: {workload: web}}}
//	    target: {type: AverageValue, averageValue: "1"}
//
// The HPA then wants value / 1 replicas. It changes nothing for a difference within its tolerance, of a tenth where
// nothing else is said: 20 becomes 21 only with behavior.scaleUp.tolerance: 0 (Kubernetes 1.37). It looks every 15 s and doubles
// at most every 15 s by its default policies: a Floor is faster.
//
// A cluster has one APIService for the whole group, v1beta1.external.metrics.k8s.io, which KEDA or an agent of a monitoring
// system may own already; who registers a second one takes the metrics of the first away. See the package's documentation.
//
// A workload without a decision in the last MaxAge has no value. An HPA without a value leaves the count as it is.
//
// The API server calls it as a front proxy: serve it over TLS and require its client certificate, see FrontProxy. The
// handler is safe for concurrent use.
type ExternalMetrics struct {
	// MaxAge is the age beyond which a decision counts no more [5m].
	MaxAge time.Duration
	// Now tells the time [time.Now].
	Now func() time.Time

	mu  sync.Mutex
	all map[workloadName]said
}

type workloadName struct{ namespace, name string }

type said struct {
	replicas int
	at       time.Time // by the clock here
}

var _ http.Handler = (*ExternalMetrics)(nil)

const defaultMetricAge = 5 * time.Minute

// Observer returns an observer whose decisions are those about a workload of a namespace.
func (e *ExternalMetrics) Observer(namespace, name string) adapters.Observer {
	return metricObserver{e, workloadName{namespace, name}}
}

type metricObserver struct {
	to   *ExternalMetrics
	name workloadName
}

// Decision implements adapters.Observer.
func (o metricObserver) Decision(_ context.Context, d *scaler.Decision) {
	o.to.mu.Lock()
	defer o.to.mu.Unlock()
	if o.to.all == nil {
		o.to.all = map[workloadName]said{}
	}
	o.to.all[o.name] = said{d.Replicas, o.to.now()}
}

// Forget takes the value of a workload away that is driven no more.
func (e *ExternalMetrics) Forget(namespace, name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.all, workloadName{namespace, name})
}

func (e *ExternalMetrics) now() time.Time {
	if e.Now != nil {
		return e.Now()
	}
	return time.Now()
}

// metricValue is ExternalMetricValue.
type metricValue struct {
	MetricName   string            `json:"metricName"`
	MetricLabels map[string]string `json:"metricLabels"`
	Timestamp    metav1.Time       `json:"timestamp"`
	Value        resource.Quantity `json:"value"`
}

// metricValueList is ExternalMetricValueList.
type metricValueList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []metricValue `json:"items"`
}

// ServeHTTP answers discovery and the values of ReplicasMetric in a namespace.
func (e *ExternalMetrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, metav1.StatusReasonMethodNotAllowed, fmt.Sprintf("method %s; wanted GET", r.Method))
		return
	}
	path := strings.TrimSuffix(r.URL.Path, "/")
	switch path {
	case "/apis":
		answer(w, http.StatusOK, metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: []metav1.APIGroup{group()}})
		return
	case "/apis/" + externalGroup:
		answer(w, http.StatusOK, group())
		return
	case externalPath:
		answer(w, http.StatusOK, metav1.APIResourceList{
			TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: externalGroup + "/" + externalVersion,
			APIResources: []metav1.APIResource{{Name: ReplicasMetric, Namespaced: true, Kind: "ExternalMetricValueList", Verbs: metav1.Verbs{"get"}}},
		})
		return
	}
	rest, ok := strings.CutPrefix(path, externalPath+"/namespaces/")
	namespace, metric, found := strings.Cut(rest, "/")
	if !ok || !found || namespace == "" || strings.Contains(metric, "/") {
		refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound, fmt.Sprintf("path %q; wanted %s/namespaces/NAMESPACE/%s", r.URL.Path, externalPath, ReplicasMetric))
		return
	}
	if metric != ReplicasMetric {
		refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound, fmt.Sprintf("metric %q; wanted %s", metric, ReplicasMetric))
		return
	}
	selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err != nil {
		refuse(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, fmt.Sprintf("labelSelector: %v", err))
		return
	}
	answer(w, http.StatusOK, e.values(namespace, selector))
}

// values returns what is known in a namespace.
func (e *ExternalMetrics) values(namespace string, selector labels.Selector) metricValueList {
	age := e.MaxAge
	if age == 0 {
		age = defaultMetricAge
	}
	out := metricValueList{TypeMeta: metav1.TypeMeta{Kind: "ExternalMetricValueList", APIVersion: externalGroup + "/" + externalVersion}, Items: []metricValue{}}
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.now()
	for name, s := range e.all {
		set := labels.Set{WorkloadLabel: name.name}
		if name.namespace != namespace || now.Sub(s.at) > age || !selector.Matches(set) {
			continue
		}
		out.Items = append(out.Items, metricValue{ReplicasMetric, set, metav1.NewTime(s.at), *resource.NewQuantity(int64(s.replicas), resource.DecimalSI)})
	}
	slices.SortFunc(out.Items, func(a, b metricValue) int {
		return strings.Compare(a.MetricLabels[WorkloadLabel], b.MetricLabels[WorkloadLabel])
	})
	return out
}

func group() metav1.APIGroup {
	v := metav1.GroupVersionForDiscovery{GroupVersion: externalGroup + "/" + externalVersion, Version: externalVersion}
	return metav1.APIGroup{
		TypeMeta: metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}, Name: externalGroup,
		Versions: []metav1.GroupVersionForDiscovery{v}, PreferredVersion: v,
	}
}

func answer(w http.ResponseWriter, code int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(code)
	_, _ = w.Write(b) // who asked has gone
}

// refuse answers as the API server does.
func refuse(w http.ResponseWriter, code int, reason metav1.StatusReason, message string) {
	answer(w, code, metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: int32(code), Reason: reason, Message: message,
	})
}

// Proxy is whom an API server behind an APIService must believe.
type Proxy struct {
	CAs   *x509.CertPool // of the client certificate
	Names []string       // its common name is one of these; any where there is none
}

// FrontProxy asks the API server for the certificates with which it calls extension servers: what it writes into the ConfigMap
// extension-apiserver-authentication of kube-system, which the Role extension-apiserver-authentication-reader of the
// same namespace allows to read.
func FrontProxy(ctx context.Context, client kubernetes.Interface) (Proxy, error) {
	const namespace, name = "kube-system", "extension-apiserver-authentication"
	m, err := client.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return Proxy{}, call(err, "get", "configmaps", namespace, name)
	}
	p := Proxy{CAs: x509.NewCertPool()}
	if !p.CAs.AppendCertsFromPEM([]byte(m.Data["requestheader-client-ca-file"])) {
		return Proxy{}, fmt.Errorf("ConfigMap %s/%s: requestheader-client-ca-file has no certificate; is the aggregation layer of the API server configured?", namespace, name)
	}
	if text := m.Data["requestheader-allowed-names"]; text != "" {
		if err := json.Unmarshal([]byte(text), &p.Names); err != nil {
			return Proxy{}, fmt.Errorf("ConfigMap %s/%s: requestheader-allowed-names: %w", namespace, name, err)
		}
	}
	return p, nil
}

// errNoProxy is for who has not shown a certificate of the front proxy.
var errNoProxy = errors.New("no client certificate of the API server")

// Guard lets through what the API server asks, and answers everybody else with 401. The server's TLS configuration asks for a
// client certificate and verifies it against CAs (tls.VerifyClientCertIfGiven), so that health checks may come without.
func (p Proxy) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := p.verify(r); err != nil {
			refuse(w, http.StatusUnauthorized, metav1.StatusReasonUnauthorized, err.Error())
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (p Proxy) verify(r *http.Request) error {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return errNoProxy
	}
	if name := r.TLS.PeerCertificates[0].Subject.CommonName; len(p.Names) > 0 && !slices.Contains(p.Names, name) {
		return fmt.Errorf("the client certificate is that of %q; wanted one of %q", name, p.Names)
	}
	return nil
}
