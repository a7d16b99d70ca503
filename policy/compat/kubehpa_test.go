package compat

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

func newKubeHPA(t require.TestingT, spec string) *KubeHPA {
	var cfg KubeHPAConfig
	require.NoError(t, json.Unmarshal([]byte(spec), &cfg))
	h, err := NewKubeHPA(cfg)
	require.NoError(t, err)
	return h
}

const (
	kubeCPU     = `"metrics":[{"name":"cpu","kind":"Utilization","target":50}]`
	kubeAverage = `"metrics":[{"kind":"AverageValue","target":10}]`
)

func TestKubeHPAUtilizationIsWholePercent(t *testing.T) {
	for _, c := range []struct {
		used, want float64
		reason     Reason
	}{
		{2.0, 4, ReasonTolerance},   // 50 %
		{2.2, 4, ReasonTolerance},   // 55 %: 1.1 holds
		{2.239, 4, ReasonTolerance}, // 55.975 % is cut to 55 %
		{2.24, 5, ReasonMetric},     // 56 %: ceil(1.12*4)
		{1.8, 4, ReasonTolerance},   // 45 %: 0.9 holds
		{1.799, 4, ReasonMetric},    // 44 %: ceil(.88*4)
		{1.4, 3, ReasonMetric},      // 35 %: ceil(.7*4)
	} {
		h := newKubeHPA(t, `{"downscaleStabilization":"-1s",`+kubeCPU+`}`)
		require.Equal(t, Decision{int(c.want), c.reason}, h.Recommend(start, []float64{c.used}, Fleet{Ready: 4}), "%v", c.used)
	}
}

func TestKubeHPAKinds(t *testing.T) {
	for name, c := range map[string]struct {
		metric string
		value  float64
		fleet  Fleet
		want   int
	}{
		"pods average, cut to thousandths": {`{"kind":"PodsAverage","target":0.01}`, 0.0339, Fleet{Ready: 3}, 3}, // 34/3 = 11: 1.1
		"pods average above":               {`{"kind":"PodsAverage","target":0.01}`, 0.036, Fleet{Ready: 3}, 4},  // 12: 1.2
		"value by ready pods":              {`{"kind":"Value","target":10}`, 20, Fleet{Ready: 2, Starting: 1}, 4},
		"value inside tolerance":           {`{"kind":"Value","target":10}`, 11, Fleet{Ready: 2, Starting: 1}, 3},
		"average value by all pods":        {`{"kind":"AverageValue","target":10}`, 33, Fleet{Ready: 2, Starting: 1}, 3},
		"average value above":              {`{"kind":"AverageValue","target":10}`, 34, Fleet{Ready: 2, Starting: 1}, 4},
		"request of 2":                     {`{"kind":"Utilization","target":50,"request":2}`, 6, Fleet{Ready: 4}, 6},
	} {
		h := newKubeHPA(t, `{"metrics":[`+c.metric+`]}`)
		require.Equal(t, c.want, h.Recommend(start, []float64{c.value}, c.fleet).Count, name)
	}
}

func TestKubeHPATakesTheLargestOfSeveralMetrics(t *testing.T) {
	h := newKubeHPA(t, `{"downscaleStabilization":"-1s","metrics":[{"kind":"AverageValue","target":10},{"kind":"AverageValue","target":1}]}`)
	nan := math.NaN()
	require.Equal(t, Decision{6, ReasonMetric}, h.Recommend(at(0), []float64{40, 6}, Fleet{Ready: 4}))
	require.Equal(t, Decision{6, ReasonMetric}, h.Recommend(at(15), []float64{nan, 6}, Fleet{Ready: 4}), "one is enough to grow")
	require.Equal(t, Decision{4, ReasonMissing}, h.Recommend(at(30), []float64{nan, 2}, Fleet{Ready: 4}), "and not to shrink")
	require.Equal(t, Decision{4, ReasonMissing}, h.Recommend(at(45), []float64{2}, Fleet{Ready: 4}), "left out is missing")
	require.Equal(t, Decision{4, ReasonMissing}, h.Recommend(at(60), nil, Fleet{Ready: 4}))
}

func TestKubeHPAOutsideItsBoundsMovesAtOnce(t *testing.T) {
	h := newKubeHPA(t, `{"minReplicas":3,"maxReplicas":8,`+kubeAverage+`}`)
	require.Equal(t, Decision{8, ReasonMax}, h.Recommend(at(0), []float64{10}, Fleet{Ready: 20}))
	require.Equal(t, Decision{3, ReasonMin}, h.Recommend(at(15), []float64{90}, Fleet{Ready: 1}))
	require.Equal(t, Decision{0, ReasonDisabled}, h.Recommend(at(30), []float64{90}, Fleet{}))
	h = newKubeHPA(t, `{"minReplicas":3,"maxReplicas":8,`+kubeAverage+`}`)
	require.Equal(t, Decision{8, ReasonMax}, h.Recommend(at(0), []float64{900}, Fleet{Ready: 6}))
	require.Equal(t, Decision{3, ReasonMin}, h.Recommend(at(400), []float64{1}, Fleet{Ready: 8}))
}

func TestKubeHPAScalesToZeroAndBack(t *testing.T) {
	h := newKubeHPA(t, `{"scaleToZero":true,"downscaleStabilization":"-1s",`+kubeAverage+`}`)
	require.Equal(t, Decision{0, ReasonDisabled}, h.Recommend(at(0), []float64{50}, Fleet{}), "somebody else has set it to 0")
	require.Equal(t, Decision{0, ReasonMetric}, h.Recommend(at(15), []float64{0}, Fleet{Ready: 2}))
	require.Equal(t, Decision{3, ReasonMetric}, h.Recommend(at(30), []float64{25}, Fleet{}))
}

func TestKubeHPALegacyRules(t *testing.T) {
	h := newKubeHPA(t, `{`+kubeAverage+`}`)
	require.Equal(t, Decision{4, ReasonRate}, h.Recommend(at(0), []float64{90}, Fleet{Ready: 1}), "max(2*1, 4)")
	require.Equal(t, Decision{8, ReasonRate}, h.Recommend(at(15), []float64{90}, Fleet{Ready: 4}), "2*4")
	require.Equal(t, Decision{9, ReasonMetric}, h.Recommend(at(30), []float64{90}, Fleet{Ready: 8}))
	require.Equal(t, Decision{9, ReasonStabilised}, h.Recommend(at(330), []float64{10}, Fleet{Ready: 9}), "exactly 300 s old: it counts")
	require.Equal(t, Decision{1, ReasonMetric}, h.Recommend(at(331), []float64{10}, Fleet{Ready: 9}), "no limit downwards")
}

func TestKubeHPABehaviorRules(t *testing.T) {
	h := newKubeHPA(t, `{"behavior":{},`+kubeAverage+`}`)
	require.Equal(t, Decision{5, ReasonRate}, h.Recommend(at(0), []float64{900}, Fleet{Ready: 1}), "1+4")
	require.Equal(t, Decision{5, ReasonRate}, h.Recommend(at(10), []float64{900}, Fleet{Ready: 5}), "all 4 of the period are used")
	require.Equal(t, Decision{10, ReasonRate}, h.Recommend(at(15), []float64{900}, Fleet{Ready: 5}), "a change 15 s old is over")
	require.Equal(t, Decision{90, ReasonMetric}, h.Recommend(at(60), []float64{900}, Fleet{Ready: 120}), "as much as the largest of the window")
	require.Equal(t, Decision{90, ReasonStabilised}, h.Recommend(at(359), []float64{100}, Fleet{Ready: 90}))
	require.Equal(t, Decision{10, ReasonMetric}, h.Recommend(at(360), []float64{100}, Fleet{Ready: 90}), "exactly 300 s old: over")

	const half = `{"behavior":{"scaleDown":{"stabilizationWindowSeconds":0,"selectPolicy":"%","policies":[
		{"type":"Pods","value":3,"periodSeconds":60},{"type":"Percent","value":25,"periodSeconds":60}]}},` + kubeAverage + `}`
	for pick, want := range map[string][3]int{"Max": {15, 5, 15}, "Min": {17, 6, 17}, "Disabled": {20, 8, 20}} {
		spec := strings.ReplaceAll(half, "%", pick)
		h := newKubeHPA(t, spec)
		require.Equal(t, want[0], h.Recommend(at(0), []float64{10}, Fleet{Ready: 20}).Count, "%s: 20-3 or int(20*.75)", pick)
		require.Equal(t, want[2], h.Recommend(at(59), []float64{10}, Fleet{Ready: want[0]}).Count, "%s: the period goes on", pick)
		h = newKubeHPA(t, spec)
		require.Equal(t, want[1], h.Recommend(at(0), []float64{10}, Fleet{Ready: 8}).Count, "%s: 8-3 or int(8*.75)", pick)
	}

	h = newKubeHPA(t, `{"behavior":{"scaleUp":{"stabilizationWindowSeconds":60,"policies":[{"type":"Percent","value":50,"periodSeconds":15}]}},`+kubeAverage+`}`)
	require.Equal(t, Decision{3, ReasonStabilised}, h.Recommend(at(0), []float64{50}, Fleet{Ready: 3}), "the count at the start counts")
	require.Equal(t, Decision{3, ReasonStabilised}, h.Recommend(at(59), []float64{50}, Fleet{Ready: 3}))
	require.Equal(t, Decision{5, ReasonMetric}, h.Recommend(at(60), []float64{50}, Fleet{Ready: 3}), "ceil(3*1.5)")
}

func TestKubeHPAToleranceOfADirection(t *testing.T) {
	h := newKubeHPA(t, `{"behavior":{"scaleUp":{"tolerance":0},"scaleDown":{"tolerance":0.5,"stabilizationWindowSeconds":0}},`+kubeAverage+`}`)
	require.Equal(t, 11, h.Recommend(at(0), []float64{101}, Fleet{Ready: 10}).Count)
	require.Equal(t, 10, h.Recommend(at(15), []float64{51}, Fleet{Ready: 10}).Count)
	require.Equal(t, 5, h.Recommend(at(30), []float64{49}, Fleet{Ready: 10}).Count)
}

func TestKubeHPAPodByPod(t *testing.T) {
	nan := math.NaN()
	pod := func(v float64) KubePod {
		return KubePod{Value: v, Request: 1, Started: at(-3600), ReadySince: at(-3500)}
	}
	pods := func(values ...float64) (all []KubePod) {
		for _, v := range values {
			all = append(all, pod(v))
		}
		return all
	}
	pending := KubePod{Value: nan, Request: 1, Phase: KubePending}
	gone := KubePod{Value: 9, Request: 1, Deleting: true}
	young := pod(5)
	young.Started, young.ReadySince, young.Measured, young.Window = at(-60), at(-20), at(-10), 15*time.Second
	settled := young
	settled.Measured = at(-5)
	never := pod(5)
	never.Ready, never.ReadySince = KubeReadyFalse, at(-3590)
	for name, c := range map[string]struct {
		pods    []KubePod
		current int
		want    Decision
	}{
		"all report":                            {pods(1, 1, 1), 3, Decision{6, ReasonMetric}},
		"near":                                  {pods(.5, .5, .5), 3, Decision{3, ReasonTolerance}},
		"missing ones use nothing upwards":      {pods(1, 1, 1, nan), 4, Decision{6, ReasonMetric}},    // 300/4 = 75 %: 1.5*4
		"missing ones use all of it downwards":  {pods(.1, .1, .1, nan), 4, Decision{3, ReasonMetric}}, // 130/4 = 32 %: ceil(.64*4)
		"missing ones turn it round":            {pods(.4, nan, nan), 3, Decision{3, ReasonFlip}},      // 240/3 = 80 %
		"none reports":                          {pods(nan, nan), 2, Decision{2, ReasonMissing}},
		"pending ones use nothing upwards":      {append(pods(.9, .9), pending), 3, Decision{4, ReasonMetric}}, // 60 %: ceil(1.2*3)
		"pending ones stay out of it downwards": {append(pods(.2, .2), pending), 3, Decision{1, ReasonMetric}}, // 20 %: ceil(.4*2)
		"deleted ones are ignored":              {append(pods(1, 1), gone), 3, Decision{4, ReasonMetric}},
		"never against the count":               {pods(.6, .6), 5, Decision{3, ReasonMetric}}, // 60 %: 2.4
		"never against the count with fills":    {append(pods(.9, .9), pending), 9, Decision{9, ReasonFlip}},
		"young, measured too early":             {append(pods(.5), young), 2, Decision{2, ReasonTolerance}},
		"young, a window measured":              {append(pods(.5), settled), 2, Decision{11, ReasonMetric}}, // 275 %: 5.5*2
		"never been ready":                      {append(pods(.5), never), 2, Decision{2, ReasonTolerance}},
	} {
		h := newKubeHPA(t, `{"behavior":{"scaleUp":{"policies":[{"type":"Pods","value":100,"periodSeconds":15}]},"scaleDown":{"stabilizationWindowSeconds":0}},`+kubeCPU+`}`)
		require.Equal(t, c.want, h.RecommendPods(start, []KubeInput{{Pods: c.pods}}, Fleet{Ready: c.current}), name)
	}
}

func TestKubeHPAConfigNamesEveryFault(t *testing.T) {
	var cfg KubeHPAConfig
	require.NoError(t, json.Unmarshal([]byte(`{"minReplicas":5,"maxReplicas":2,"tolerance":-1,"scaleToZero":true,"syncPeriod":"-1s",
		"metrics":[{"kind":"Utilization","target":50.5},{"kind":"Sum","target":1,"request":-1}],
		"behavior":{"scaleUp":{"stabilizationWindowSeconds":9999,"selectPolicy":"Most","tolerance":-1,
			"policies":[{"type":"Nodes","value":0,"periodSeconds":1801}]}}}`), &cfg))
	err := cfg.Validate()
	for _, want := range []string{"maxReplicas is 2", "tolerance is -1", "scaleToZero is true", "syncPeriod is -1s", "metrics[0].target is 50.5",
		"metrics[1].kind is \"Sum\"", "metrics[1].request is -1", "scaleUp.stabilizationWindowSeconds is 9999", "scaleUp.selectPolicy is \"Most\"",
		"scaleUp.tolerance is -1", "policies[0].type is \"Nodes\"", "policies[0].value is 0", "policies[0].periodSeconds is 1801"} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, KubeHPAConfig{}.Validate(), "metrics is empty")
	_, err = NewKubeHPA(cfg)
	require.Error(t, err)
}

// slowKubeHPA keeps every proposal and every change, for one AverageValue metric of target 10.
type slowKubeHPA struct {
	cfg       KubeHPAConfig
	proposals [][2]int    // second, count
	changes   [2][][2]int // upwards and downwards: second, how many
}

func (s *slowKubeHPA) decide(sec int, value float64, current int) int {
	if len(s.proposals) == 0 {
		s.proposals = append(s.proposals, [2]int{sec, current})
	}
	n := s.answer(sec, value, current)
	if b := s.cfg.Behavior; b != nil && n > current {
		s.changes[0] = remembered(s.changes[0], b.ScaleUp, sec, n-current)
	} else if b != nil && n < current {
		s.changes[1] = remembered(s.changes[1], b.ScaleDown, sec, current-n)
	}
	return n
}

// remembered puts a change into the place of the last one that is older than all periods of its own direction, if there is
// one: Kubernetes forgets it then, though a policy of the other direction may still look that far back.
func remembered(changes [][2]int, r *KubeRules, sec, n int) [][2]int {
	longest := 0
	for _, p := range r.Policies {
		longest = max(longest, p.PeriodSeconds)
	}
	for i := len(changes) - 1; i >= 0; i-- {
		if sec-changes[i][0] > longest {
			changes[i] = [2]int{sec, n}
			return changes
		}
	}
	return append(changes, [2]int{sec, n})
}

func (s *slowKubeHPA) answer(sec int, value float64, current int) int {
	switch {
	case current > s.cfg.MaxReplicas:
		return s.cfg.MaxReplicas
	case current < s.cfg.MinReplicas:
		return s.cfg.MinReplicas
	case math.IsNaN(value):
		return current
	}
	ratio := math.Round(value*1000) / float64(10_000*current)
	up, down := *s.cfg.Tolerance, *s.cfg.Tolerance
	b := s.cfg.Behavior
	if b != nil {
		up, down = *b.ScaleUp.Tolerance, *b.ScaleDown.Tolerance
	}
	desired := current
	if ratio < 1-down || ratio > 1+up {
		desired = int(math.Ceil(math.Round(value*1000) / 10_000))
	}
	defer func() { s.proposals = append(s.proposals, [2]int{sec, desired}) }()
	if b == nil {
		n := desired
		for _, p := range s.proposals {
			if sec-p[0] <= 300 {
				n = max(n, p[1])
			}
		}
		return max(s.cfg.MinReplicas, min(n, s.cfg.MaxReplicas, max(2*current, 4)))
	}
	low, high := desired, desired
	for _, p := range s.proposals {
		if sec-p[0] < *b.ScaleUp.StabilizationWindowSeconds {
			low = min(low, p[1])
		}
		if sec-p[0] < *b.ScaleDown.StabilizationWindowSeconds {
			high = max(high, p[1])
		}
	}
	n := min(max(current, low), high)
	limits := func(r *KubeRules, sign float64) (all []float64) {
		for _, p := range r.Policies {
			from := current
			for _, c := range s.changes[0] {
				if sec-c[0] < p.PeriodSeconds {
					from -= c[1]
				}
			}
			for _, c := range s.changes[1] {
				if sec-c[0] < p.PeriodSeconds {
					from += c[1]
				}
			}
			if p.Type == "Pods" {
				all = append(all, float64(from)+sign*float64(p.Value))
			} else if to := float64(from) * (1 + sign*float64(p.Value)/100); sign > 0 {
				all = append(all, math.Ceil(to))
			} else {
				all = append(all, math.Trunc(to))
			}
		}
		return all
	}
	pick := func(r *KubeRules, all []float64, upwards bool) float64 {
		best := all[0]
		for _, v := range all {
			if (r.SelectPolicy == "Max") == upwards {
				best = max(best, v)
			} else {
				best = min(best, v)
			}
		}
		return best
	}
	switch {
	case n > current && b.ScaleUp.SelectPolicy == "Disabled", n < current && b.ScaleDown.SelectPolicy == "Disabled":
		return current
	case n > current:
		return min(n, s.cfg.MaxReplicas, max(current, int(pick(b.ScaleUp, limits(b.ScaleUp, 1), true))))
	case n < current:
		return max(n, s.cfg.MinReplicas, min(current, int(pick(b.ScaleDown, limits(b.ScaleDown, -1), false))))
	}
	return n
}

func TestKubeHPAEqualsItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := func(name string) *KubeRules {
			r := &KubeRules{
				StabilizationWindowSeconds: new(rapid.IntRange(0, 200).Draw(t, name+" window")),
				SelectPolicy:               rapid.SampledFrom([]string{"Max", "Min", "Disabled"}).Draw(t, name+" select"),
				Tolerance:                  new(rapid.Float64Range(0, 0.3).Draw(t, name+" tolerance")),
			}
			for range rapid.IntRange(1, 3).Draw(t, name+" policies") {
				r.Policies = append(r.Policies, KubePolicy{
					Type:          rapid.SampledFrom([]string{"Pods", "Percent"}).Draw(t, "type"),
					Value:         rapid.IntRange(1, 150).Draw(t, "value"),
					PeriodSeconds: rapid.IntRange(1, 120).Draw(t, "period"),
				})
			}
			return r
		}
		cfg := KubeHPAConfig{MinReplicas: rapid.IntRange(1, 4).Draw(t, "min"), MaxReplicas: rapid.IntRange(4, 40).Draw(t, "max"),
			Metrics: []KubeMetric{{Kind: KubeAverageValue, Target: 10}}, SyncPeriod: Duration(5 * time.Second)}
		if rapid.Bool().Draw(t, "behavior") {
			cfg.Behavior = &KubeBehavior{ScaleUp: rules("up"), ScaleDown: rules("down")}
		}
		h, err := NewKubeHPA(cfg)
		require.NoError(t, err)
		twin := &slowKubeHPA{cfg: cfg.WithDefaults()}
		current, sec := rapid.IntRange(1, 50).Draw(t, "current"), 0
		for range 60 {
			sec += rapid.IntRange(5, 40).Draw(t, "wait")
			value := rapid.Float64Range(-30, 500).Draw(t, "value")
			if value < 0 {
				value = math.NaN()
			}
			got := h.Recommend(at(float64(sec)), []float64{value}, Fleet{Ready: current})
			require.Equal(t, twin.decide(sec, value, current), got.Count, "%v", got.Reason)
			current = got.Count
			if rapid.IntRange(0, 9).Draw(t, "else") == 0 { // somebody else
				current = rapid.IntRange(1, 50).Draw(t, "current")
			}
		}
	})
}
