"""What Schemathesis cannot know: how one logs in at each door, and whom a message may be about.

Without it every message would end at the institution's code. `MADOGUCHI_DEMO` names the `demo.json` of a running demo.
"""

import json
import os
import random

import requests
import schemathesis

with open(os.environ["MADOGUCHI_DEMO"], encoding="utf-8") as file:
    DEMO = json.load(file)
INSTITUTION = DEMO["institutions"][0]

# Where programs log in: the paths that the token opens, the kind of account, the address, and how the answer is read.
API_LOG_IN = "/oqs-api-pro/MSA12020/ILI12020SV01/auth"
DOORS = [
    ("/oqs-api-pro/", "api", API_LOG_IN, "userId", lambda answer: answer["result"]["idToken"]),
    ("/agent/", "agent", "/agent/session", "user_id", lambda answer: answer["token"]),
    ("/reader/", "reader", "/reader/session", "user_id", lambda answer: answer["token"]),
]
TOKENS: dict[str, str] = {}

# The names of the numbers on a certificate, in the two families of messages.
NUMBERS = {
    "InsurerNumber": "insurer_number",
    "InsuredCardSymbol": "symbol",
    "InsuranceCardSymbol": "symbol",
    "InsuredIdentificationNumber": "number",
    "InsuredPersonIdentificationNumber": "number",
    "InsuredBranchNumber": "branch",
    "BranchNumber": "branch",
    "Birthdate": "birthdate",
}


def token(path: str) -> str | None:
    for prefix, kind, address, user, read in DOORS:
        if path.startswith(prefix):
            if kind not in TOKENS:
                account = next(account for account in INSTITUTION["accounts"] if account["kind"] == kind)
                answer = requests.post(
                    DEMO["api"] + address,
                    json={user: account["user_id"], "password": account["password"]},
                    cert=(INSTITUTION["client_cert"], INSTITUTION["client_key"]),
                    verify=DEMO["ca"],
                    timeout=30,
                )
                answer.raise_for_status()
                TOKENS[kind] = read(answer.json())
            return TOKENS[kind]
    return None


@schemathesis.auth(refresh_interval=None)
class Token:
    def get(self, case, context):
        return token(case.operation.path)

    def set(self, case, data, context):
        if data is not None:
            case.headers["Authorization"] = data


@schemathesis.hook
def map_body(context, body):
    """Most messages come from this institution, and half of them are about somebody of the demo."""
    if isinstance(body, dict) and isinstance(body.get("XmlMsg"), dict):
        dice = random.Random(repr(body))
        card = dice.choice(DEMO["cards"])
        message = body["XmlMsg"]
        if isinstance(message.get("MessageHeader"), dict) and dice.random() < 0.9:
            message["MessageHeader"]["MedicalInstitutionCode"] = INSTITUTION["code"]
        if dice.random() < 0.5:
            name_somebody(message, card)
    return body


def name_somebody(tree, card) -> None:
    for name, value in tree.items():
        if name in NUMBERS and isinstance(value, str):
            tree[name] = card[NUMBERS[name]]
        elif isinstance(value, dict):
            name_somebody(value, card)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    name_somebody(item, card)


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Half of the names of files have an id that is known."""
    if isinstance(path_parameters, dict) and isinstance(path_parameters.get("file"), str):
        name = path_parameters["file"]
        dice = random.Random(name)
        if dice.random() < 0.5:
            ids = ["OQSsiquc01", "OQSsiimm01", "OQSsiinq01", "OQSsiupd01", "OQSsihvd01", "OQSmuquc01", "YZKsiquc01"]
            path_parameters["file"] = dice.choice(ids) + name[10:]
    return path_parameters
