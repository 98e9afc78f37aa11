#!/usr/bin/env python3
"""Checks a patient's eligibility, registers the chart number and fetches drugs, with the standard library only.

usage: check.py demo.json
"""

import http.client
import json
import ssl
import sys
from urllib.parse import urlsplit


class Api:
    """The Web API of one institution, over its client certificate."""

    def __init__(self, demo: dict, institution: dict) -> None:
        context = ssl.create_default_context(cafile=demo["ca"])
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(institution["client_cert"], institution["client_key"])
        address = urlsplit(demo["api"])
        self.connection = http.client.HTTPSConnection(address.hostname, address.port, context=context, timeout=30)
        self.token = ""

    def call(self, path: str, message: dict) -> dict:
        headers = {"Content-Type": "application/json;charset=UTF-8"}
        if self.token:
            headers["Authorization"] = self.token
        self.connection.request("POST", "/oqs-api-pro/" + path, json.dumps(message), headers)
        response = self.connection.getresponse()
        answer = json.loads(response.read())
        if response.status != 200:
            # Not logged in, no right, too many requests …: what to do stands in `msg`, the code in `code`.
            raise SystemExit(f"{response.status} {answer['code']} {answer['msg']}")
        return answer

    def log_in(self, user: str, password: str) -> None:
        self.token = self.call("MSA12020/ILI12020SV01/auth", {"userId": user, "password": password})["result"]["idToken"]


def main(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        demo = json.load(file)
    institution, card = demo["institutions"][0], demo["cards"][0]
    api = Api(demo, institution)
    account = next(account for account in institution["accounts"] if account["kind"] == "api")
    api.log_in(account["user_id"], account["password"])
    print("logged in")

    numbers = {
        "InsurerNumber": card["insurer_number"],
        "InsuredCardSymbol": card["symbol"],
        "InsuredIdentificationNumber": card["number"],
        "InsuredBranchNumber": card["branch"],
    }
    code = {"MedicalInstitutionCode": institution["code"]}
    search = numbers | {"Birthdate": card["birthdate"], "LimitApplicationCertificateRelatedConsFlg": "0"}
    answer = api.call(
        "MSA01030/ILI01030SV01/search",
        message({"QualificationConfirmationDate": demo["today"]} | code, {"QualificationConfirmSearchInfo": search}),
    )
    print("eligibility:", answer["XmlMsg"]["MessageBody"]["QualificationValidity"])

    registration = {"ReferenceNumber": "chart-0001"} | numbers
    answer = api.call(
        "MSA01040/ILI01040SV01/register", message(code, {"ReferenceNumberRegistrationInfo": registration})
    )
    print("reference number:", answer["XmlMsg"]["MessageBody"]["ProcessingResultStatus"])

    # The header of this message has names of its own for the same numbers.
    header = code | {
        "InsurerNumber": card["insurer_number"],
        "InsuranceCardSymbol": card["symbol"],
        "InsuredPersonIdentificationNumber": card["number"],
        "BranchNumber": card["branch"],
    }
    this_month = demo["today"][:6]
    body = {"StartDate": str(int(this_month) - 100), "EndDate": this_month, "FileCategory": "2"}
    head = api.call("MSA02010/ILI02010SV01/search", message(header, body))["XmlMsg"]["MessageHeader"]
    print("drugs:", head["ResultCode"])
    if head["ResultCode"] != "1":
        print(head["MessageContents"])


def message(header: dict, body: dict) -> dict:
    return {"XmlMsg": {"MessageHeader": header, "MessageBody": body}}


if __name__ == "__main__":
    main(sys.argv[1])
