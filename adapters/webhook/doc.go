// Package webhook speaks JSON with whatever has an HTTP server or can send a request: it asks for demand, tells of
// decisions, hands out recommendations and takes live announcements of events.
//
//	Source           asks for the samples of a window
//	Current          asks for one number that is true now, as KEDA's metrics-api scaler does
//	Actuator         sends decisions and asks for the fleet
//	Recommendations  hands out the newest decision, to KEDA's metrics-api scaler and to others
//	Announcements    takes events: an as-run feed, the start of a push notification
//
// Errors of requests are *StatusError where a server has answered with one. 408, 425, 429 and 5xx may pass, and a Runner tries
// them again (adapters.Retry), with backoff or after Retry-After; everything else is for ever. No error, log or print
// has a Secret in it.
//
// # Both sides
//
// A program that takes announcements and hands out recommendations:
//
//	announcements, err := webhook.NewAnnouncements(webhook.AnnouncementsConfig{
//		Announcer: runner,
//		Verify:    webhook.VerifierConfig{Keys: []webhook.Key{{Name: "playout", Secret: webhook.Secret(os.Getenv("PLAYOUT_KEY"))}}},
//	})
//	...
//	recommendations, err := webhook.NewRecommendations(webhook.RecommendationsConfig{}) // and an Observer of the runner
//	...
//	mux := http.NewServeMux()
//	mux.Handle("/announcements", announcements)
//	mux.HandleFunc("GET /value", recommendations.ServeValue)
//	mux.HandleFunc("GET /decision", recommendations.ServeDecision)
//
// Its connections are to be encrypted: a signature says who has sent something, and hides nothing.
//
// Whoever announces, with $KEY from `openssl rand -hex 32`, and $URL and $TARGET such as https://headroom.shop.example
// and /announcements:
//
//	t=$(date +%s)
//	id=$(openssl rand -hex 16)
//	body='{"id":"tv-17","kind":"tv","start":"2024-03-04T20:15:00Z","duration":"30s"}'
//	v1=$(printf '%s\n%s\n%s\n%s' "$t" "$id" "POST $TARGET" "$body" | openssl dgst -sha256 -hmac "$KEY" | sed 's/.* //')
//	curl --silent --show-error --fail-with-body --data-binary "$body" \
//		--header 'Content-Type: application/json' --header "Headroom-Signature: t=$t,id=$id,v1=$v1" "$URL$TARGET"
//
// and in Go: EncodeEvents, http.NewRequest, Sign, http.Client.Do. Whoever gets no answer, or one of 429 or 5xx, says it again, with
// the same event and a new t and id (so --retry of curl will not do: it is answered with 409). One that takes the event back
// signs "DELETE $TARGET?id=tv-17" and an empty body.
//
// # Signatures
//
// Requests and answers are signed with HMAC-SHA-256 over time, a number used once, what is asked, and the body:
// SignatureHeader has the form. A Verifier is the other side of it in Go.
//
// # The other side of a Source and an Actuator
//
// A Source asks GET /demand?from=2024-03-04T20:00:00Z&to=2024-03-04T20:15:00Z, and gets the intervals that begin from from on
// and before to:
//
//	{"samples":[{"time":"2024-03-04T20:00:00Z","value":1250.5},{"time":"2024-03-04T20:01:00Z","value":null}]}
//
// An Actuator asks GET /fleet, gets {"ready":10,"starting":2,"boot":"90s"}, and sends, with an Idempotency-Key,
//
//	POST /fleet {"workload":"shop","replicas":12,"decision":{...}}
//
// # KEDA
//
//	triggers:
//	- type: metrics-api
//	  metricType: AverageValue
//	  metadata:
//	    url: http://headroom:8080/value
//	    valueLocation: value
//	    targetValue: "1"
//
// makes the count what a decision says, with fallback in the same ScaledObject for the time in which there is none. KEDA asks
// every pollingInterval (30 s), and the HPA that it keeps has a tolerance of 10 %: both cost what a TV spot does not leave.
package webhook
