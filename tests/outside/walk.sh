#!/usr/bin/env bash
# Walks one case from its notification to its end with curl alone, and shows what the rules say on the way.
#
#   tests/outside/walk.sh http://127.0.0.1:8080
#
# Works on any ledger served on loopback, on simulated or real time. Ends with 1 at the first answer that is not the one
# expected.
set -euo pipefail

base="${1:?the base URL of the service, such as http://127.0.0.1:8080}"
play="walk-$(date +%s)-$$"
nsn="7$(printf '%09d' $((($(date +%s) * 7919 + $$) % 1000000000)))"
# On simulated time "today" is the ledger's, which its last event tells.
position="$(curl -sS -H 'Ledger-Actor: SIM-1/operator/MOE' "$base/v1/ledger" | sed -n 's/.*"position":\([0-9]*\).*/\1/p')"
recorded="$(curl -sS -H 'Ledger-Actor: SIM-1/operator/MOE' "$base/v1/events/$position" | sed -n 's/.*"recorded_at":"\([^"]*\)".*/\1/p')"
day() { date -u -d "${recorded%%T*} $1 days" +%F; }
count=0
case_id=none

school='P-WA1/attendance_lead/WALKSCHOOL'
register='ENROL/enrol/ENROL'
lead='P-WL/workflow_lead/ASP-WALK'
manager='P-WM/case_manager/ASP-WALK'
colleague='P-WM2/case_manager/ASP-WALK'
stranger='P-XL/workflow_lead/ASP-OTHER'
cit='P-CIT/cit/MOE'
immigration='INZ/inz/INZ'

field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$body" | head -1; }

# send <who> <path> <body> [curl options]: posts a command under a new key, unless KEY is set.
send() {
  local who="$1" path="$2" data="$3"
  shift 3
  count=$((count + 1))
  body="$(curl -sS -o - -w '\n%{http_code}' -X POST "$base$path" -H "Ledger-Actor: $who" \
    -H "Idempotency-Key: ${KEY:-$play-$count}" -H 'Content-Type: application/json' "$@" --data-binary "$data")"
  status="${body##*$'\n'}"
  body="${body%$'\n'*}"
}

# expect <status> [<rule or ->] [<code>]: compares, and shows the answer in a line.
expect() {
  local rule="${2:--}" code="${3:--}" got_rule got_code
  got_rule="$(field rule)"
  got_code="$(field code)"
  if [[ "$status" != "$1" || ( "$rule" != - && "$got_rule" != "$rule" ) || ( "$code" != - && "$got_code" != "$code" ) ]]; then
    echo "NOT EXPECTED: $what: wanted $* and got $status ${got_rule:--} ${got_code:--}: $body" >&2
    exit 1
  fi
  printf '%s  %-58s %s\n' "$status" "$what" "${got_rule:+$got_rule: }$(field detail)"
}

act() {
  what="$2"
  send "$1" "/v1/cases/$case_id/actions/$2" "${3:-{\}}" "${@:4}"
}

what='reference data: a school, a catchment, two providers'
send 'P-OP/operator/MOE' /v1/reference '{"entries":[
  {"what":"catchment","catchment":"WALK","provider":"ASP-WALK","from":"2025-01-01"},
  {"what":"catchment","catchment":"OTHER","provider":"ASP-OTHER","from":"2025-01-01"},
  {"what":"school","school":"WALKSCHOOL","catchment":"WALK","from":"2025-01-01"}]}'
expect 200

student="\"student\":{\"nsn\":\"$nsn\",\"family_name\":\"Pēwhairangi\",\"given_names\":\"Tūmanako\",\"birth_date\":\"2013-05-06\"}"
notify() { printf '{"action":"notify-non-enrolment","facts":{"last_school":"WALKSCHOOL",%s},"personal":{%s}}' "$1" "$student"; }
left="\"last_day_attended\":\"$(day -30)\",\"withdrawn_on\":\"$(day -2)\",\"leave_reason\":\"continuous_absence\""

what='a notification with a return date'
send "$register" /v1/cases "$(notify "$left,\"return_date_known\":true")"
expect 422 R10 stays-on-the-roll
what='… with the two days the wrong way round'
send "$register" /v1/cases "$(notify "\"last_day_attended\":\"$(day -2)\",\"withdrawn_on\":\"$(day -30)\",\"leave_reason\":\"other\"")"
expect 422 R14 last-day-after-withdrawal
what='… with a field nobody knows'
send "$register" /v1/cases "$(notify "$left,\"favourite_colour\":\"red\"")"
expect 400 - bad-input
what='… with a day that does not exist'
send "$register" /v1/cases "$(notify '"last_day_attended":"2026-02-30","leave_reason":"other"')"
expect 400 - bad-input
what='… of a school nobody knows'
send "$register" /v1/cases "$(notify "$left" | sed 's/WALKSCHOOL/NOSUCHSCHOOL/')"
expect 422 R41 unknown-school
what='… that says nothing of who sends it'
send '' /v1/cases "$(notify "$left")"
expect 401
what='… as it should be'
KEY="$play-open" send "$register" /v1/cases "$(notify "$left")"
expect 201
case_id="$(field case)"
what='… the same once more: the first receipt, no second case'
KEY="$play-open" send "$register" /v1/cases "$(notify "$left")"
expect 200
[[ "$(field case)" == "$case_id" ]]
what='… another under the same key'
KEY="$play-open" send "$register" /v1/cases "$(notify "${left/continuous_absence/other}")"
expect 409 - idempotency-key-reused

act "$lead" assign-case-manager '{"facts":{"manager":"P-WM"}}'
expect 404 404 unknown-case
act "$cit" complete-ministry-check '{"facts":{"in_new_zealand":true,"enrolled":false,"outcome":"refer"}}'
expect 200
act "$cit" complete-ministry-check '{"facts":{"enrolled":false,"outcome":"refer"}}'
expect 422 E4 no-check-pending
act "$stranger" assign-case-manager '{"facts":{"manager":"P-XM"}}'
expect 404 404 unknown-case
act "$lead" assign-case-manager '{"facts":{"manager":"P-WM"}}'
expect 200
act "$lead" assign-case-manager '{"facts":{"manager":"P-WM"}}'
expect 200
act "$manager" assign-case-manager '{"facts":{"manager":"P-XM"}}'
expect 422 A7 not-this-role
act "$manager" review '{}' -H 'If-Match: "1"'
expect 412 - stale

act "$manager" add-comment '{"personal":{"note":{"text":"Kōrero with the neighbour."}}}'
expect 200
act "$colleague" change-comment-sharing '{"facts":{"comment":1,"share_with_schools":true}}'
expect 404 404 unknown-case
act "$cit" add-comment '{"facts":{"share_with_schools":true},"personal":{"note":{"text":"For the school."}}}'
expect 422 V4 not-the-case-owner
act "$school" add-comment '{"personal":{"note":{"text":"We have the books."}}}'
expect 404 404 unknown-case
act "$manager" hold-school-meeting "{\"occurred_at\":\"$(day 400)\",\"facts\":{\"mode\":\"in_person\"}}"
expect 422 Q23 in-the-future

act "$manager" set-not-located
expect 422 R19 no-answered-check
act "$manager" open-information-request '{"facts":{"agency":"inz"}}'
expect 200
act "$manager" open-information-request '{"facts":{"agency":"inz"}}'
expect 422 E17 already-asked
act "$manager" reallocate-to-cit '{"facts":{"basis":"confirmed_address"}}'
expect 422 R20 pinned-by-request
act "$immigration" answer-information-request '{"facts":{"request":1},"personal":{"answer":{"code":"IN"}}}'
expect 200
act "$manager" reallocate-to-cit '{"facts":{"basis":"confirmed_address"}}'
expect 422 R15 no-confirmed-address-outside
act "$manager" reallocate-to-cit '{"facts":{"basis":"reasonable_grounds","target":"ASP-OTHER","grounds":"SEEN_THERE"}}'
expect 422 R16 no-agreement
act "$manager" close '{"facts":{"reason":"out_of_country"}}'
expect 422 R22 not-confirmed-out
act "$manager" request-detailed-check
expect 422 R23 no-evidence
act "$manager" record-overseas-evidence '{"facts":{"kinds":["passport_number"]},"personal":{"travel":{"passport":"LX000000"}}}'
expect 200
act "$manager" request-detailed-check
expect 200
act "$cit" answer-information-request '{"facts":{"request":2},"personal":{"answer":{"code":"OUT"}}}'
expect 200
act "$cit" close '{"facts":{"reason":"out_of_country"}}'
expect 422 R22 cit-does-not-close
act "$manager" close '{"facts":{"reason":"out_of_country"}}'
expect 200
act "$manager" engage-student '{"facts":{"mode":"text"}}'
expect 422 R40 case-is-closed
act "$register" reopen '{"facts":{"reason":"absent_again"},"personal":{"note":{"text":"Seen at the border."}}}'
expect 422 R26 only-people-reopen
act "$lead" reopen '{"facts":{"reason":"new_information"},"personal":{"note":{"text":"They are back."}}}'
expect 200

what='an action nobody knows'
send "$lead" "/v1/cases/$case_id/actions/dance" '{}'
expect 404
what='an action on a case nobody knows'
send "$lead" /v1/cases/00000000-0000-4000-8000-000000000000/actions/review '{}'
expect 404
what='a text of 100 KiB: the field is named'
send "$lead" "/v1/cases/$case_id/actions/add-comment" \
  "{\"personal\":{\"note\":{\"text\":\"$(head -c 102400 /dev/zero | tr '\0' a)\"}}}"
expect 400

seen="$(curl -sS -H "Ledger-Actor: $lead" "$base/v1/cases/$case_id?min_position=1")"
events="$(curl -sS -H "Ledger-Actor: $lead" "$base/v1/cases/$case_id/timeline" | grep -o '"kind":"[a-z_]*"' | wc -l)"
grep -q '"status":"active"' <<<"$seen"
echo "case $(sed -n 's/.*"number":"\(AS-[0-9-]*\)".*/\1/p' <<<"$seen") walked: $count requests, $events events"
