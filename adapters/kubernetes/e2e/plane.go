package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Plane is a control plane on loopback, with role-based access control, aggregation, and the controllers that scale, create
// and count pods. The controllers of the HPA look every Sync.
type Plane struct {
	Dir string // with the logs, etcd.log and so on
	// CA signs the certificate of the API server, and those of servers that Issue makes.
	CA []byte

	address  string
	dir      string
	ca       *authority
	etcd     *process
	api      *process
	manager  *process
	etcdPort int
	peerPort int
	apiPort  int
	sync     time.Duration
}

// The users of a Plane, each with a token of its name.
const (
	Admin      = "admin"  // may do everything
	Engine     = "engine" // may do nothing until a Role says so
	controller = "system:kube-controller-manager"
)

// StartPlane starts a control plane. Stop ends it.
func StartPlane(ctx context.Context, sync time.Duration) (*Plane, error) {
	dir, err := os.MkdirTemp("", "headroom-e2e-")
	if err != nil {
		return nil, err
	}
	p := &Plane{Dir: dir, dir: dir, sync: sync}
	if err := errors.Join(p.prepare(ctx), p.startEtcd(ctx), p.StartAPI(ctx), p.StartManager(ctx)); err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

func (p *Plane) file(name string) string { return filepath.Join(p.dir, name) }

// prepare writes certificates, keys and tokens.
func (p *Plane) prepare(ctx context.Context) error {
	free, err := ports(ctx, 3)
	if err != nil {
		return err
	}
	p.etcdPort, p.peerPort, p.apiPort = free[0], free[1], free[2]
	p.address = "https://127.0.0.1:" + strconv.Itoa(p.apiPort)
	if p.ca, err = newAuthority("headroom-e2e"); err != nil {
		return err
	}
	p.CA = p.ca.pem
	front, err := newAuthority("front-proxy")
	if err != nil {
		return err
	}
	cert, key, e1 := p.ca.issue("kube-apiserver", "127.0.0.1", "localhost", "kubernetes.default.svc")
	proxyCert, proxyKey, e2 := front.issue("front-proxy")
	account, accountKey, e3 := p.ca.issue("service-accounts")
	tokens := fmt.Sprintf("%s,%[1]s,%[1]s,\"system:masters\"\n%[2]s,%[2]s,%[2]s\n%[3]s,%[3]s,%[3]s\n", Admin, Engine, controller)
	return errors.Join(e1, e2, e3,
		os.WriteFile(p.file("ca.crt"), p.ca.pem, 0o600), os.WriteFile(p.file("front-ca.crt"), front.pem, 0o600),
		os.WriteFile(p.file("tokens.csv"), []byte(tokens), 0o600),
		write(p.dir, "server", cert, key), write(p.dir, "proxy", proxyCert, proxyKey), write(p.dir, "account", account, accountKey))
}

func (p *Plane) startEtcd(ctx context.Context) error {
	if p.dir == "" || p.ca == nil {
		return nil // prepare has failed, and has said so
	}
	client, peer := "http://127.0.0.1:"+strconv.Itoa(p.etcdPort), "http://127.0.0.1:"+strconv.Itoa(p.peerPort)
	var err error
	p.etcd, err = start(ctx, p.dir, "etcd", "--name=e2e", "--data-dir="+p.file("etcd"), "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls="+client, "--advertise-client-urls="+client, "--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=e2e="+peer)
	if err != nil {
		return err
	}
	return p.etcd.await(ctx, func(ctx context.Context) error {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(p.etcdPort))
		if err != nil {
			return err
		}
		return c.Close()
	})
}

// StartAPI starts the API server, again after StopAPI or KillAPI, and waits until it is ready.
func (p *Plane) StartAPI(ctx context.Context) error {
	if p.etcd == nil {
		return nil
	}
	var err error
	p.api, err = start(ctx, p.dir, "kube-apiserver",
		"--etcd-servers=http://127.0.0.1:"+strconv.Itoa(p.etcdPort), "--secure-port="+strconv.Itoa(p.apiPort), "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.0.0.0/24", "--authorization-mode=RBAC", "--anonymous-auth=false",
		"--token-auth-file="+p.file("tokens.csv"), "--tls-cert-file="+p.file("server.crt"), "--tls-private-key-file="+p.file("server.key"),
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+p.file("account.crt"), "--service-account-signing-key-file="+p.file("account.key"),
		"--disable-admission-plugins=ServiceAccount",
		"--requestheader-client-ca-file="+p.file("front-ca.crt"), "--requestheader-allowed-names=front-proxy", "--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group", "--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file="+p.file("proxy.crt"), "--proxy-client-key-file="+p.file("proxy.key"))
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(p.Config(Admin))
	if err != nil {
		return err
	}
	return p.api.await(ctx, func(ctx context.Context) error {
		if _, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx); err != nil {
			return err
		}
		_, err := client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceDefault, metav1.GetOptions{})
		return err
	})
}

// StopAPI ends the API server gently, KillAPI at once.
func (p *Plane) StopAPI() { p.api.stop() }

// KillAPI ends the API server in the middle of whatever it does.
func (p *Plane) KillAPI() { p.api.kill() }

// StartManager starts the controllers.
func (p *Plane) StartManager(ctx context.Context) error {
	if p.api == nil {
		return nil
	}
	config := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"e2e",
"clusters":[{"name":"e2e","cluster":{"server":%q,"certificate-authority":%q}}],
"users":[{"name":"manager","user":{"token":%q}}],
"contexts":[{"name":"e2e","context":{"cluster":"e2e","user":"manager"}}]}`, p.address, p.file("ca.crt"), Admin)
	if err := os.WriteFile(p.file("manager.json"), []byte(config), 0o600); err != nil {
		return err
	}
	free, err := ports(ctx, 1)
	if err != nil {
		return err
	}
	p.manager, err = start(ctx, p.dir, "kube-controller-manager",
		"--kubeconfig="+p.file("manager.json"), "--leader-elect=false", "--bind-address=127.0.0.1", "--secure-port="+strconv.Itoa(free[0]),
		"--controllers=deployment-controller,replicaset-controller,statefulset-controller,horizontal-pod-autoscaler-controller,resourcequota-controller,garbage-collector-controller,namespace-controller",
		"--horizontal-pod-autoscaler-sync-period="+p.sync.String(), "--kube-api-qps=500", "--kube-api-burst=1000", "--concurrent-replicaset-syncs=20")
	if err != nil {
		return err
	}
	return p.manager.await(ctx, func(ctx context.Context) error {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(free[0]))
		if err != nil {
			return err
		}
		return c.Close()
	})
}

// Stop ends everything that runs, and removes the directory.
func (p *Plane) Stop() {
	for _, one := range []*process{p.manager, p.api, p.etcd} {
		if one != nil {
			one.stop()
		}
	}
	_ = os.RemoveAll(p.dir)
}

// Config is for clients of a user, without a limit of their own.
func (p *Plane) Config(user string) *rest.Config {
	return &rest.Config{Host: p.address, BearerToken: user, TLSClientConfig: rest.TLSClientConfig{CAData: p.CA}, QPS: -1}
}

// Clients are those of a user.
func (p *Plane) Clients(user string) (kubernetes.Interface, dynamic.Interface, error) {
	client, e1 := kubernetes.NewForConfig(p.Config(user))
	dyn, e2 := dynamic.NewForConfig(p.Config(user))
	return client, dyn, errors.Join(e1, e2)
}

// Issue returns a certificate of the Plane's authority, and its key, in PEM.
func (p *Plane) Issue(name string, hosts ...string) (cert, key []byte, err error) {
	return p.ca.issue(name, hosts...)
}

// Compact has etcd forget everything but what is there now: watches from before find that their time has passed.
func (p *Plane) Compact(ctx context.Context) error {
	var now struct{ Header struct{ Revision string } }
	if err := p.askEtcd(ctx, "range", `{"key":"Lw=="}`, &now); err != nil { // "/", in Base64
		return err
	}
	return p.askEtcd(ctx, "compaction", fmt.Sprintf(`{"revision":%q,"physical":true}`, now.Header.Revision), nil)
}

// askEtcd calls one method of etcd's JSON gateway.
func (p *Plane) askEtcd(ctx context.Context, method, body string, out any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1:"+strconv.Itoa(p.etcdPort)+"/v3/kv/"+method, strings.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	b, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("etcd: %s: %s: %s", method, answer.Status, b)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(b, out)
}

// Tail is the end of the log of a program.
func (p *Plane) Tail(name string) string { return (&process{log: p.file(name + ".log")}).tail() }
