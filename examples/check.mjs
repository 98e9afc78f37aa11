#!/usr/bin/env node
// Checks a patient's eligibility, registers the chart number and fetches drugs, with Node 20 or newer and nothing else.
// The types are checked by `npx tsc --checkJs --noEmit examples/check.mjs`, for those who want that.
// usage: node check.mjs demo.json
// @ts-check

import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";

/** @typedef {Record<string, any>} Json */

/**
 * The Web API of one institution, over its client certificate.
 * @param {Json} demo
 * @param {Json} institution
 */
function open(demo, institution) {
  const agent = new Agent({
    ca: readFileSync(demo.ca),
    cert: readFileSync(institution.client_cert),
    key: readFileSync(institution.client_key),
    minVersion: "TLSv1.3",
    keepAlive: true,
  });
  let token = "";

  /** @type {(path: string, message: Json) => Promise<Json>} */
  const call = (path, message) =>
    new Promise((resolve, reject) => {
      const headers = { "Content-Type": "application/json;charset=UTF-8", ...(token && { Authorization: token }) };
      const sent = request(`${demo.api}/oqs-api-pro/${path}`, { method: "POST", agent, headers }, (response) => {
        /** @type {Buffer[]} */
        const parts = [];
        response.on("data", (part) => parts.push(part));
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

  /** @type {(userId: string, password: string) => Promise<void>} */
  const logIn = async (userId, password) => {
    token = (await call("MSA12020/ILI12020SV01/auth", { userId, password })).result.idToken;
  };
  return { call, logIn, close: () => agent.destroy() };
}

/** @type {(header: Json, body: Json) => Json} */
const message = (header, body) => ({ XmlMsg: { MessageHeader: header, MessageBody: body } });

const demo = JSON.parse(readFileSync(process.argv[2], "utf8"));
const institution = demo.institutions[0];
const card = demo.cards[0];
const api = open(demo, institution);
const account = institution.accounts.find((/** @type {Json} */ one) => one.kind === "api");
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
