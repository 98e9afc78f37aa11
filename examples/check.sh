#!/usr/bin/env bash
# Checks a patient's eligibility, registers the chart number and fetches drugs, with curl and Python's JSON only.
# usage: check.sh demo.json
set -euo pipefail
demo=$1

# One value of a JSON document: member names and numbers of places, one after the other.
value() { python3 -c 'import functools, json, sys
found = functools.reduce(lambda tree, key: tree[int(key) if isinstance(tree, list) else key], sys.argv[1:], json.load(sys.stdin))
print(found)' "$@"; }
# A text as a JSON string.
quoted() { python3 -c 'import json, sys; print(json.dumps(sys.argv[1]))' "$1"; }

of_demo() { value "$@" < "$demo"; }
api=$(of_demo api)
code=$(of_demo institutions 0 code)
user=$(python3 -c 'import json, sys
accounts = json.load(open(sys.argv[1]))["institutions"][0]["accounts"]
account = next(account for account in accounts if account["kind"] == "api")
print(json.dumps({"userId": account["user_id"], "password": account["password"]}))' "$demo")

call() { # call PATH TOKEN < body
  curl --silent --show-error --fail-with-body --tlsv1.3 \
    --cacert "$(of_demo ca)" --cert "$(of_demo institutions 0 client_cert)" --key "$(of_demo institutions 0 client_key)" \
    --header 'Content-Type: application/json;charset=UTF-8' ${2:+--header "Authorization: $2"} \
    --data @- "$api/oqs-api-pro/$1"
}

token=$(call MSA12020/ILI12020SV01/auth '' <<<"$user" | value result idToken)
echo "logged in"

insurer=$(quoted "$(of_demo cards 0 insurer_number)") number=$(quoted "$(of_demo cards 0 number)")
symbol=$(quoted "$(of_demo cards 0 symbol)") branch=$(quoted "$(of_demo cards 0 branch)")
today=$(of_demo today)

check=$(call MSA01030/ILI01030SV01/search "$token" <<EOF
{"XmlMsg": {
  "MessageHeader": {"QualificationConfirmationDate": "$today", "MedicalInstitutionCode": "$code"},
  "MessageBody": {"QualificationConfirmSearchInfo": {
    "InsurerNumber": $insurer, "InsuredCardSymbol": $symbol, "InsuredIdentificationNumber": $number,
    "InsuredBranchNumber": $branch, "Birthdate": "$(of_demo cards 0 birthdate)",
    "LimitApplicationCertificateRelatedConsFlg": "0"}}}}
EOF
)
echo "eligibility: $(value XmlMsg MessageBody QualificationValidity <<<"$check")"

register=$(call MSA01040/ILI01040SV01/register "$token" <<EOF
{"XmlMsg": {
  "MessageHeader": {"MedicalInstitutionCode": "$code"},
  "MessageBody": {"ReferenceNumberRegistrationInfo": {
    "ReferenceNumber": "chart-0001", "InsurerNumber": $insurer, "InsuredCardSymbol": $symbol,
    "InsuredIdentificationNumber": $number, "InsuredBranchNumber": $branch}}}}
EOF
)
echo "reference number: $(value XmlMsg MessageBody ProcessingResultStatus <<<"$register")"

records=$(call MSA02010/ILI02010SV01/search "$token" <<EOF
{"XmlMsg": {
  "MessageHeader": {"MedicalInstitutionCode": "$code", "InsurerNumber": $insurer, "InsuranceCardSymbol": $symbol,
    "InsuredPersonIdentificationNumber": $number, "BranchNumber": $branch},
  "MessageBody": {"StartDate": "$((${today:0:4} - 1))${today:4:2}", "EndDate": "${today:0:6}", "FileCategory": "2"}}}
EOF
)
result=$(value XmlMsg MessageHeader ResultCode <<<"$records")
echo "drugs: $result"
[ "$result" = 1 ] || value XmlMsg MessageHeader MessageContents <<<"$records"
