package sizing

import (
	"errors"
	"fmt"
	"math"
)

// Scalability is the universal scalability law of Gunther (2007): what a system of n workers, users or nodes puts through,
//
//	X(n) = Gamma n / (1 + Alpha (n-1) + Beta n (n-1))
//
// with Alpha the part that queues for what is shared and Beta the price of keeping it coherent.
type Scalability struct {
	Alpha, Beta, Gamma float64
}

// At returns the throughput of n.
func (s Scalability) At(n float64) float64 {
	return float64(s.Gamma*n) / (1 + float64(s.Alpha*(n-1)) + float64(float64(s.Beta*n)*(n-1)))
}

// Peak returns the n beyond which throughput falls, infinity where Beta is 0.
func (s Scalability) Peak() float64 {
	if s.Beta <= 0 {
		return math.Inf(1)
	}
	return math.Sqrt(math.Max(0, 1-s.Alpha) / s.Beta)
}

// ErrNoFit says that a load test does not tell how its system scales.
var ErrNoFit = errors.New("the load test does not determine a scalability law")

// FitScalability returns the law of least squares for a load test with throughput x[i] at n[i]: at least four points, all
// above 0, of at least three different n. residual is the sum of squares that is left. It is a calculation by
// Levenberg and Marquardt in three parameters (Marquardt 1963), none of which may become negative; the linear transform
// that textbooks show weighs the points so wrongly that its Alpha is 40 % off on Gunther's own example.
//
// An autoscaled service is seldom driven into saturation, so production data does not determine the law; a load test does.
func FitScalability(n, x []float64) (law Scalability, residual float64, err error) {
	if len(n) != len(x) {
		return Scalability{}, 0, fmt.Errorf("load test: %d sizes and %d throughputs; wanted as many of both", len(n), len(x))
	}
	different := map[float64]bool{}
	for i := range n {
		if !(n[i] > 0 && x[i] > 0) || math.IsInf(n[i], 0) || math.IsInf(x[i], 0) {
			return Scalability{}, 0, fmt.Errorf("load test: point %d is %v at %v; wanted finite numbers above 0", i, x[i], n[i])
		}
		different[n[i]] = true
	}
	if len(n) < 4 || len(different) < 3 {
		return Scalability{}, 0, fmt.Errorf("load test: %d points at %d different sizes; wanted at least 4 at 3", len(n), len(different))
	}
	// Throughput per unit of the smallest n begins the search; alpha and beta in parts of what would halve the largest.
	least, most := 0, 0
	for i := range n {
		if n[i] < n[least] {
			least = i
		}
		if n[i] > n[most] {
			most = i
		}
	}
	p := [3]float64{0.01, 0.01 / n[most], x[least] / n[least]}
	sum := squares(p, n, x)
	damp := 1e-3
	for range 500 {
		var jtj [3][3]float64
		var jtr [3]float64
		for i := range n {
			s := Scalability{p[0], p[1], p[2]}
			at := s.At(n[i])
			over := float64(p[2]*n[i]) / at // the denominator
			j := [3]float64{-at * (n[i] - 1) / over, -at * n[i] * (n[i] - 1) / over, at / p[2]}
			for a := range 3 {
				jtr[a] += float64(j[a] * (x[i] - at))
				for b := range 3 {
					jtj[a][b] += float64(j[a] * j[b])
				}
			}
		}
		for a := range 3 {
			jtj[a][a] += float64(jtj[a][a]*damp) + tiny
		}
		step, ok := solve3(jtj, jtr)
		if !ok {
			return Scalability{}, 0, ErrNoFit
		}
		next := [3]float64{math.Max(0, p[0]+step[0]), math.Max(0, p[1]+step[1]), p[2] + step[2]}
		after := squares(next, n, x)
		if !(next[2] > 0) || !(after <= sum) {
			if damp *= 4; damp > 1e12 {
				break
			}
			continue
		}
		done := math.Abs(after-sum) <= float64(1e-15*sum) && damp < 1
		p, sum, damp = next, after, math.Max(damp/9, 1e-12)
		if done {
			break
		}
	}
	law = Scalability{p[0], p[1], p[2]}
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return Scalability{}, 0, ErrNoFit
	}
	return law, sum, nil
}

func squares(p [3]float64, n, x []float64) float64 {
	s := Scalability{p[0], p[1], p[2]}
	var sum float64
	for i := range n {
		e := x[i] - s.At(n[i])
		sum += float64(e * e)
	}
	return sum
}

// solve3 solves a x = b for a symmetric positive a, by elimination with pivots.
func solve3(a [3][3]float64, b [3]float64) (x [3]float64, ok bool) {
	for c := range 3 {
		pivot := c
		for r := c + 1; r < 3; r++ {
			if math.Abs(a[r][c]) > math.Abs(a[pivot][c]) {
				pivot = r
			}
		}
		if !(math.Abs(a[pivot][c]) > 0) {
			return x, false
		}
		a[c], a[pivot] = a[pivot], a[c]
		b[c], b[pivot] = b[pivot], b[c]
		for r := c + 1; r < 3; r++ {
			f := a[r][c] / a[c][c]
			for k := c; k < 3; k++ {
				a[r][k] -= float64(f * a[c][k])
			}
			b[r] -= float64(f * b[c])
		}
	}
	for r := 2; r >= 0; r-- {
		v := b[r]
		for k := r + 1; k < 3; k++ {
			v -= float64(a[r][k] * x[k])
		}
		x[r] = v / a[r][r]
	}
	return x, true
}
