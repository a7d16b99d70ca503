package controller

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// played runs a leader and one that stands by into a rise, and loses it in the manner of lose; it returns what was there at the end.
func played(t *testing.T, lose func(p *plane, leader, next *replica)) (p *plane, logs string) {
	p = newPlane(t, 1)
	p.replicas["shop"] = 6
	file := p.file(text("shop"))
	a := p.start(p.config("a", file))
	pass(5 * time.Second)
	b := p.start(p.config("b", file))
	pass(38 * time.Minute)
	if lose != nil {
		lose(p, a, b)
	}
	pass(10 * time.Minute)
	p.end(b)
	if lose == nil {
		require.Equal(t, []string{"a"}, p.holders())
	}
	p.end(a)
	return p, b.logs.String()
}

func patchesOf(p *plane, name string, after time.Time) (out []patch) {
	for _, x := range p.patches {
		if x.copy == name && x.at.After(after) {
			out = append(out, x)
		}
	}
	return out
}

// A leader that is cut off from the API server in the middle of a rise is followed within the lease, and what is there at the end
// is what a leader that lives would have made.
func TestLeaderThatIsCutOff(t *testing.T) {
	var alive, cut int
	synctest.Test(t, func(t *testing.T) {
		p, _ := played(t, nil)
		alive = p.replicas["shop"]
		require.Empty(t, patchesOf(p, "b", time.Time{}), "who stands by changes nothing")
	})
	synctest.Test(t, func(t *testing.T) {
		var at time.Time
		p, logs := played(t, func(p *plane, _, b *replica) {
			at = time.Now()
			p.mu.Lock()
			p.cut["a"] = true
			p.mu.Unlock()
			pass(24 * time.Second) // the lease and two tries
			_, decided := b.shards[0].look()
			require.True(t, decided)
		})
		cut = p.replicas["shop"]
		require.Empty(t, patchesOf(p, "a", at))
		next := patchesOf(p, "b", at)
		require.NotEmpty(t, next)
		require.Contains(t, logs, "snapshot restored")
	})
	require.Equal(t, alive, cut)
	require.Greater(t, alive, 10)
}

// A leader that is told to end saves, gives its lease back, and is followed within two periods. What it ordered stays.
func TestLeaderThatIsToldToEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at time.Time
		p, logs := played(t, func(p *plane, a, b *replica) {
			at = time.Now()
			a.stop()
			require.NoError(t, <-a.ended)
			require.Equal(t, []string{""}, p.holders())
			require.Contains(t, p.configMaps, "headroom-snapshot-shop")
			require.Greater(t, p.scaleOf("shop"), 6)
			a.ended <- nil
			pass(6 * time.Second)
			_, decided := b.shards[0].look()
			require.True(t, decided)
		})
		next := patchesOf(p, "b", at)
		require.NotEmpty(t, next)
		require.Contains(t, logs, "snapshot restored")
	})
}

// Between decision and change the leader is cut off: the change does not come, its successor decides again, and the change comes
// once. Where the change was made and only its answer was lost, the successor finds it and repeats nothing.
func TestLeaderThatIsLostBetweenDecisionAndChange(t *testing.T) {
	for name, made := range map[string]bool{"before the change": false, "after the change": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlane(t, 1)
				p.replicas["shop"] = 2 // far too few: the first decision changes it
				cuts := 0
				p.before = func(copyName, _ string) {
					if copyName == "a" && !made {
						p.mu.Lock()
						p.cut["a"] = true
						p.mu.Unlock()
						cuts++
					}
				}
				file := p.file(text("shop"))
				a := p.start(p.config("a", file))
				pass(time.Second)
				if made {
					p.mu.Lock()
					p.cut["a"] = true
					p.mu.Unlock()
				}
				b := p.start(p.config("b", file))
				pass(50 * time.Second)
				p.end(b)
				p.end(a)
				require.Len(t, p.patches, 1)
				require.Equal(t, made, p.patches[0].copy == "a")
				require.Equal(t, !made, cuts > 0)
			})
		})
	}
}

// Who cannot renew, but can still change things, and is in the middle of a tick that takes long, changes nothing when its lease may
// be another's. Without the fence the law of plane is broken here.
func TestFence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.replicas["shop"] = 6
		document := strings.Replace(text("shop"), "backfill: 30m", "backfill: 30m\n  grace: 2m", 1)
		file := p.file(document)
		a := p.start(p.config("a", file))
		pass(5 * time.Second)
		b := p.start(p.config("b", file))
		pass(38*time.Minute - 13*time.Second) // eight seconds before a tick
		p.mu.Lock()
		p.unleased["a"] = true
		p.slow["a"] = 14 * time.Second
		p.mu.Unlock()
		at := time.Now()
		pass(2 * time.Minute)
		require.Empty(t, patchesOf(p, "a", at))
		require.NotEmpty(t, patchesOf(p, "b", at))
		require.Contains(t, a.logs.String(), ErrDeposed.Error())
		p.end(b, a)
	})
}

// Six shards on three copies: each has some, no workload is driven by two, and those of a copy that is cut off are the others'
// within the lease.
func TestShardsOfACopyThatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 6)
		var names []string
		for c := 'a'; c < 'a'+24; c++ {
			names = append(names, "shop-"+string(c))
			p.replicas["shop-"+string(c)] = 6
		}
		file := p.file(text(names...))
		copies := []*replica{p.start(p.config("x", file)), p.start(p.config("y", file)), p.start(p.config("z", file))}
		pass(time.Minute)
		holders := p.holders()
		for _, name := range []string{"x", "y", "z"} {
			require.Contains(t, holders, name)
		}
		require.NotContains(t, holders, "")
		pass(32 * time.Minute)
		at := time.Now()
		p.mu.Lock()
		p.cut["x"] = true
		p.mu.Unlock()
		pass(35 * time.Second)
		require.NotContains(t, p.holders(), "x")
		pass(5 * time.Minute)
		driven := map[string]bool{}
		for _, x := range p.patches {
			require.False(t, x.copy == "x" && x.at.After(at))
			if x.at.After(at) {
				driven[x.workload] = true
			}
		}
		require.Len(t, driven, len(names))
		p.end(copies...)
	})
}

// Copies with another number of shards wait until the old ones have ended.
func TestAnotherNumberOfShards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.replicas["shop"] = 6
		file := p.file(text("shop"))
		a := p.start(p.config("a", file))
		pass(5 * time.Minute)
		cfg := p.config("b", file)
		cfg.Shards = 3
		b := p.start(cfg)
		pass(time.Minute)
		require.Contains(t, b.logs.String(), "another number of shards")
		for _, s := range b.shards {
			assembly, _ := s.look()
			require.Nil(t, assembly)
		}
		require.Empty(t, b.unready(), "an update waits for it to be ready before it ends the old ones")
		p.end(a)
		p.shards = 3
		pass(time.Minute)
		require.Equal(t, []string{"b", "b", "b"}, p.holders())
		p.end(b)
	})
}

// A copy is ready when its workloads have decided, or when others drive them; it is healthy all the time.
func TestReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.replicas["shop"] = 6
		file := p.file(text("shop"))
		ask := func(r *replica, path string) (int, string) {
			w := httptest.NewRecorder()
			r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
			return w.Code, w.Body.String()
		}
		p.cut["a"] = true
		a := p.start(p.config("a", file))
		pass(5 * time.Second)
		code, body := ask(a, "/readyz")
		require.Equal(t, 503, code)
		require.Contains(t, body, "nobody is known to hold its lease")
		p.mu.Lock()
		p.cut["a"] = false
		p.mu.Unlock()
		pass(10 * time.Second)
		b := p.start(p.config("b", file))
		pass(5 * time.Second)
		for _, r := range []*replica{a, b} {
			code, _ = ask(r, "/readyz")
			require.Equal(t, 200, code)
			code, _ = ask(r, "/healthz")
			require.Equal(t, 200, code)
		}
		_, body = ask(a, "/metrics")
		require.Contains(t, body, `workload="shop"`)
		require.Contains(t, body, `headroom_controller_holds{shard="0"} 1`)
		_, body = ask(b, "/metrics")
		require.NotContains(t, body, `workload="shop"`)
		require.Contains(t, body, `headroom_controller_holds{shard="0"} 0`)
		code, _ = ask(b, "/recommendations/shop")
		require.Equal(t, 503, code)
		code, _ = ask(a, "/recommendations/shop")
		require.Equal(t, 404, code)
		p.end(a, b)
	})
}

// Each change is an event of what was changed, with the reason.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := played(t, nil)
		require.Len(t, p.events, len(p.patches))
		i := slices.IndexFunc(p.patches, func(x patch) bool { return x.replicas > 6 })
		e := p.events[i]
		require.Equal(t, "ScaledUp", e.Reason)
		require.Equal(t, "Deployment shop/shop", strings.Join([]string{e.InvolvedObject.Kind, e.InvolvedObject.Namespace + "/" + e.InvolvedObject.Name}, " "))
		require.NotEmpty(t, e.InvolvedObject.UID)
		require.Contains(t, e.Message, "visits at")
	})
}

// Workloads that go on long after their lease are a reason to begin anew; those that stop in time are none.
func TestLiveness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		c, err := newController(t.Context(), p.config("a", p.file(text("shop"))))
		require.NoError(t, err)
		f := &c.shards[0].fence
		f.renewed(time.Now().Add(10 * time.Second))
		f.work(true)
		pass(time.Minute)
		require.Empty(t, c.ill())
		f.lost()
		pass(30 * time.Second)
		require.NotEmpty(t, c.ill())
		f.work(false)
		require.Empty(t, c.ill())
	})
}
