package kubernetes

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/headroom-go/headroom/scaler"
)

func ask(t *testing.T, h http.Handler, method, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.True(t, json.Valid(w.Body.Bytes()), w.Body)
	return w.Code, w.Body.String()
}

func TestExternalMetrics(t *testing.T) {
	now := origin
	e := &ExternalMetrics{Now: func() time.Time { return now }}
	e.Observer("shop", "web").Decision(t.Context(), &scaler.Decision{Replicas: 7})
	e.Observer("shop", "web").Decision(t.Context(), &scaler.Decision{Replicas: 12})
	e.Observer("shop", "api").Decision(t.Context(), &scaler.Decision{Replicas: 3})
	e.Observer("other", "web").Decision(t.Context(), &scaler.Decision{Replicas: 99})
	const path = externalPath + "/namespaces/shop/" + ReplicasMetric
	web := `{"metricName":"headroom_replicas","metricLabels":{"workload":"web"},"timestamp":"2026-03-07T18:00:00Z","value":"12"}`
	api := `{"metricName":"headroom_replicas","metricLabels":{"workload":"api"},"timestamp":"2026-03-07T18:00:00Z","value":"3"}`
	list := func(items string) string {
		return `{"kind":"ExternalMetricValueList","apiVersion":"external.metrics.k8s.io/v1beta1","metadata":{},"items":[` + items + `]}`
	}
	for query, want := range map[string]string{
		"":                                   list(api + "," + web),
		"?labelSelector=workload%3Dweb":      list(web),
		"?labelSelector=workload%3Dnonesuch": list(""),
		"?labelSelector=workload+in+(web)":   list(web),
	} {
		code, body := ask(t, e, http.MethodGet, path+query)
		require.Equal(t, http.StatusOK, code)
		require.Equal(t, want, body, query)
	}
	now = now.Add(5*time.Minute + 1)
	_, body := ask(t, e, http.MethodGet, path)
	require.Equal(t, list(""), body, "an old recommendation is none, and the HPA leaves the count as it is")
	e.Observer("shop", "web").Decision(t.Context(), &scaler.Decision{Replicas: 2})
	e.Forget("shop", "web")
	_, body = ask(t, e, http.MethodGet, path)
	require.Equal(t, list(""), body)

	for _, c := range []struct {
		method, path string
		code         int
		want         string
	}{
		{http.MethodGet, "/apis", 200, `"groups":[{"kind":"APIGroup","apiVersion":"v1","name":"external.metrics.k8s.io"`},
		{http.MethodGet, "/apis/external.metrics.k8s.io", 200, `"preferredVersion":{"groupVersion":"external.metrics.k8s.io/v1beta1"`},
		{http.MethodGet, externalPath + "/", 200, `"resources":[{"name":"headroom_replicas"`},
		{http.MethodPost, path, 405, "method POST; wanted GET"},
		{http.MethodGet, externalPath + "/namespaces/shop/other", 404, `metric \"other\"; wanted headroom_replicas`},
		{http.MethodGet, externalPath + "/namespaces/shop/headroom_replicas/x", 404, "wanted " + externalPath + "/namespaces/NAMESPACE/headroom_replicas"},
		{http.MethodGet, externalPath + "/namespaces//headroom_replicas", 404, "wanted"},
		{http.MethodGet, "/metrics", 404, `path \"/metrics\"`},
		{http.MethodGet, path + "?labelSelector=a+b+c", 400, "labelSelector"},
	} {
		code, body := ask(t, e, c.method, c.path)
		require.Equal(t, c.code, code, c.path)
		require.Contains(t, body, c.want)
		if code >= 400 {
			var status metav1.Status
			require.NoError(t, json.Unmarshal([]byte(body), &status))
			require.Equal(t, "Status", status.Kind)
			require.EqualValues(t, code, status.Code)
		}
	}
}

// authority signs certificates for tests.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T) authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return authority{t, key, cert}
}

func (a authority) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))
}

func (a authority) client(name string) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	require.NoError(a.t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestOnlyTheFrontProxyIsAnswered(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	c := newCluster(t, 0)
	m := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "extension-apiserver-authentication"},
		Data:       map[string]string{"requestheader-client-ca-file": ca.pem(), "requestheader-allowed-names": `["front-proxy"]`},
	}
	_, err := FrontProxy(t.Context(), c.client)
	require.ErrorContains(t, err, "get configmaps kube-system/extension-apiserver-authentication")
	require.NoError(t, c.client.Tracker().Add(m))
	proxy, err := FrontProxy(t.Context(), c.client)
	require.NoError(t, err)
	require.Equal(t, []string{"front-proxy"}, proxy.Names)

	server := httptest.NewUnstartedServer(proxy.Guard(&ExternalMetrics{}))
	server.TLS = &tls.Config{ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: proxy.CAs}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // a stranger is no news
	server.StartTLS()
	defer server.Close()
	get := func(certs ...tls.Certificate) (int, string) {
		transport := server.Client().Transport.(*http.Transport).Clone()
		transport.TLSClientConfig.Certificates = certs
		defer transport.CloseIdleConnections()
		r, err := (&http.Client{Transport: transport}).Get(server.URL + externalPath)
		if err != nil {
			return 0, err.Error()
		}
		defer func() { require.NoError(t, r.Body.Close()) }()
		b, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		return r.StatusCode, string(b)
	}
	code, _ := get(ca.client("front-proxy"))
	require.Equal(t, http.StatusOK, code)
	code, body := get()
	require.Equal(t, http.StatusUnauthorized, code)
	require.Contains(t, body, "no client certificate of the API server")
	code, body = get(ca.client("mallory"))
	require.Equal(t, http.StatusUnauthorized, code)
	require.Contains(t, body, `that of \"mallory\"; wanted one of [\"front-proxy\"]`)
	// Go's client shows no certificate of an authority that the server does not ask for.
	code, _ = get(stranger.client("front-proxy"))
	require.NotEqual(t, http.StatusOK, code)

	m.Data["requestheader-client-ca-file"] = "nothing"
	require.NoError(t, c.client.Tracker().Update(corev1.SchemeGroupVersion.WithResource("configmaps"), m, "kube-system"))
	_, err = FrontProxy(t.Context(), c.client)
	require.ErrorContains(t, err, "is the aggregation layer of the API server configured?")
}
