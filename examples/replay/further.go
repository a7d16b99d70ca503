package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/headroom-go/headroom/scaler/sim"
)

// comparePair is the two policies of -compare.
func (f *flags) comparePair() ([]string, error) {
	pair := strings.Split(f.compare, ",")
	if len(pair) != 2 {
		return nil, errors.New("wanted two policies with a comma between")
	}
	for i, name := range pair {
		pair[i] = strings.TrimSpace(name)
		if pair[i] != sim.Clairvoyant && !slices.Contains(f.names, pair[i]) {
			return nil, fmt.Errorf("policy %q: wanted one of -policies", pair[i])
		}
	}
	return pair, nil
}

// lookFurther adds to the result what the flags ask for.
func (f *flags) lookFurther(ctx context.Context, result *sim.Comparison) (err error) {
	if f.days != "" {
		result.Days = result.ByDay()
		if f.days == "worst" {
			sim.WorstFirst(result.Days, 0)
		}
	}
	if f.pair != nil {
		p, err := result.Compare(f.pair[0], f.pair[1], f.seed)
		if err != nil {
			return err
		}
		result.Pairs = []sim.Paired{p}
	}
	if f.controls {
		result.Controls, err = sim.Controls(ctx, result.Case)
	}
	return err
}
