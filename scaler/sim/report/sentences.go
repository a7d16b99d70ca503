package report

import (
	"cmp"
	"slices"
	"strings"
)

// lineBreak is the word for a line break inside a text.
const lineBreak = "\n"

// sentences are texts as numbers of words: explanations differ in little more than their figures.
type sentences struct {
	words []string // the most frequent first
	text  []int    // for each text the numbers of its words, from 1, and a 0
}

// newSentences packs texts; join brings them back.
func newSentences(texts []string) sentences {
	type word struct {
		text         string
		count, first int
	}
	var words []*word
	known := map[string]*word{}
	for _, text := range texts {
		for _, w := range split(text) {
			if known[w] == nil {
				known[w] = &word{w, 0, len(words)}
				words = append(words, known[w])
			}
			known[w].count++
		}
	}
	slices.SortFunc(words, func(a, b *word) int { return cmp.Or(b.count-a.count, a.first-b.first) })
	s := sentences{words: make([]string, len(words)), text: []int{}}
	for i, w := range words {
		s.words[i] = w.text
		w.first = i + 1
	}
	for _, text := range texts {
		for _, w := range split(text) {
			s.text = append(s.text, known[w].first)
		}
		s.text = append(s.text, 0)
	}
	return s
}

func split(text string) []string {
	return strings.Split(strings.ReplaceAll(text, "\n", " "+lineBreak+" "), " ")
}
