#!/usr/bin/env node
// Checks a patient's eligibility, registers the chart number and fetches drugs, with Node 22.18 or newer (which runs
// TypeScript as it is) and nothing else.
// usage: node check.ts demo.json

import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";

type Json = Record<string, any>;

/** The Web API of one institution, over its client certificate. */
function open(demo: Json, institution: Json) {
  const agent = new Agent({
    ca: readFileSync(demo.ca),
    cert: readFileSync(institution.client_cert),
    key: readFileSync(institution.client_key),
    minVersion: "TLSv1.3",
    keepAlive: true,
  });
  let token = "";

  const call = (path: string, message: Json): Promise<Json> =>
    new Promise((resolve, reject) => {
      const headers = { "Content-Type": "application/json;charset=UTF-8", ...(token && { Authorization: token }) };
      const sent = request(`${demo.api}/oqs-api-pro/${path}`, { method: "POST", agent, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => {
          const answer = JSON.parse(Buffer.concat(parts).toString("utf8"));
          if (response.statusCode === 200) resolve(answer);
          // Not logged in, no right, too many requests …: what to do stands in `msg`, the code in `code`.
          else reject(new Error(`${response.statusCode} ${answer.code} ${answer.msg}`));
        });
      });
      sent.on("error", reject);
      sent.end(JSON.stringify(message));
    });

  const logIn = async (userId: string, password: string): Promise<void> => {
    token = (await call("MSA12020/ILI12020SV01/auth", { userId, password })).result.idToken;
  };
  return { call, logIn, close: () => agent.destroy() };
}

const message = (header: Json, body: Json): Json => ({ XmlMsg: { MessageHeader: header, MessageBody: body } });

const demo: Json = JSON.parse(readFileSync(process.argv[2], "utf8"));
const institution = demo.institutions[0];
const card = demo.cards[0];
const api = open(demo, institution);
const account = institution.accounts.find((one: Json) => one.kind === "api");
await api.logIn(account.user_id, account.password);
console.log("logged in");

const code = { MedicalInstitutionCode: institution.code };
const numbers = {
  InsurerNumber: card.insurer_number,
  InsuredCardSymbol: card.symbol,
  InsuredIdentificationNumber: card.number,
  InsuredBranchNumber: card.branch,
};
const check = await api.call(
  "MSA01030/ILI01030SV01/search",
  message(
    { QualificationConfirmationDate: demo.today, ...code },
    {
      QualificationConfirmSearchInfo: {
        ...numbers,
        Birthdate: card.birthdate,
        LimitApplicationCertificateRelatedConsFlg: "0",
      },
    },
  ),
);
console.log(`eligibility: ${check.XmlMsg.MessageBody.QualificationValidity}`);

const register = await api.call(
  "MSA01040/ILI01040SV01/register",
  message(code, { ReferenceNumberRegistrationInfo: { ReferenceNumber: "chart-0001", ...numbers } }),
);
console.log(`reference number: ${register.XmlMsg.MessageBody.ProcessingResultStatus}`);

// The header of this message has names of its own for the same numbers.
const thisMonth = demo.today.slice(0, 6);
const records = await api.call(
  "MSA02010/ILI02010SV01/search",
  message(
    {
      ...code,
      InsurerNumber: card.insurer_number,
      InsuranceCardSymbol: card.symbol,
      InsuredPersonIdentificationNumber: card.number,
      BranchNumber: card.branch,
    },
    { StartDate: String(Number(thisMonth) - 100), EndDate: thisMonth, FileCategory: "2" },
  ),
);
const { ResultCode, MessageContents } = records.XmlMsg.MessageHeader;
console.log(`drugs: ${ResultCode}`);
if (ResultCode !== "1") console.log(MessageContents);
api.close();
