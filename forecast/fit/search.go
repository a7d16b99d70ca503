package fit

import (
	"context"
	"errors"
	"math"

	"gonum.org/v1/gonum/optimize"
)

// search looks for the parameters, each between 0 and 1, at which loss is smallest: the simplex method of Nelder and Mead on
// their logits, from each start in turn, with at most evals evaluations a start. loss may return NaN or +Inf where it makes
// no sense. The same input gives the same result; it returns the best of all that was evaluated, and the number of
// evaluations.
//
// It is an error if ctx is done, or loss made no sense anywhere.
func search(ctx context.Context, loss func(p []float64) float64, starts [][]float64, evals int) (best []float64, least float64, n int, err error) {
	least = math.Inf(1)
	for _, start := range starts {
		p := make([]float64, len(start))
		problem := optimize.Problem{
			Func: func(x []float64) float64 {
				for i, v := range x {
					p[i] = logistic(v)
				}
				n++
				v := loss(p)
				if math.IsNaN(v) {
					v = math.Inf(1)
				}
				if v < least {
					least, best = v, append(best[:0], p...)
				}
				return math.Min(v, math.MaxFloat64)
			},
			Status: func() (optimize.Status, error) {
				if ctx.Err() != nil {
					return optimize.Failure, ctx.Err()
				}
				return optimize.NotTerminated, nil
			},
		}
		x := make([]float64, len(start))
		for i, v := range start {
			x[i] = logit(v)
		}
		settings := &optimize.Settings{FuncEvaluations: evals, Converger: &optimize.FunctionConverge{Relative: 1e-7, Iterations: 20}}
		if _, err := optimize.Minimize(problem, x, settings, &optimize.NelderMead{SimplexSize: 0.7}); err != nil && ctx.Err() == nil && best == nil {
			return nil, 0, n, err
		}
		if ctx.Err() != nil {
			return nil, 0, n, ctx.Err()
		}
	}
	if best == nil {
		return nil, 0, n, errNoLoss
	}
	return best, least, n, nil
}

var errNoLoss = errors.New("the loss is not a number anywhere; wanted a history that a model can be fitted to")

// edge keeps logits finite: a gain below it is none.
const edge = 1e-4

func logit(p float64) float64 {
	p = math.Max(edge, math.Min(1-edge, p))
	return math.Log(p / (1 - p))
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
