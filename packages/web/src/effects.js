// The page of what was done outside. Whatever agents and services wrote is set as text, never as HTML.

const PAGE = 50;
const byId = (id) => document.getElementById(id);
const say = (text) => (byId("status").textContent = text);
let csrf = null;
let cursor = null;

async function call(method, path, body) {
  const headers = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET" && csrf !== null) headers["x-bureau-csrf"] = csrf;
  const response = await fetch(path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const { message = `The server answered ${response.status}.`, hint = "" } = answer.error ?? {};
  throw Object.assign(new Error(`${message} ${hint}`.trim()), { status: response.status });
}

async function open() {
  try {
    ({ csrf } = await call("GET", "/api/session"));
    byId("sign-in").hidden = true;
    byId("halt").hidden = false;
    await showHalt();
    byId("effects").replaceChildren();
    cursor = null;
    await showMore();
  } catch (error) {
    fail(error);
  }
}

async function showHalt() {
  const { halted } = await call("GET", "/api/status");
  byId("stop").hidden = halted !== null && halted !== undefined;
  byId("resume").hidden = !byId("stop").hidden;
}

async function showMore() {
  const query = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
  const { effects, nextCursor } = await call("GET", `/api/effects?limit=${PAGE}${query}`);
  byId("effects").append(...effects.map((effect) => entry(effect)));
  cursor = nextCursor;
  byId("more").hidden = cursor === null;
  const count = byId("effects").childElementCount;
  say(count === 0 ? "Nothing was done outside." : `${count} shown, newest first.`);
}

function entry(effect) {
  const item = document.createElement("li");
  const status = effect.undoneAt === null ? effect.status.replace("_", " ") : `${effect.status}, taken back`;
  item.append(line("strong", effect.title), line("span", status, `state ${effect.status}`));
  const to = effect.targets.length > 0 ? `To ${effect.targets.join(", ")}. ` : "";
  const yes = effect.approvedBy === null ? "Nobody has said yes." : `On the yes of ${effect.approvedBy}.`;
  item.append(line("p", `${to}For ${effect.goalId ?? effect.runId}. ${yes}`));
  if (effect.sources.length > 0)
    item.append(line("p", `It had read: ${effect.sources.map(({ name }) => name).join(", ")}.`));
  const time = line("time", new Date(effect.endedAt ?? effect.proposedAt).toLocaleString());
  time.dateTime = effect.endedAt ?? effect.proposedAt;
  item.append(time);
  if (effect.error !== null) item.append(line("p", effect.error));
  const link = receiptLink(effect.receipt?.link);
  if (link !== null) item.append(link);
  const mayUndo = effect.status === "approved" || (effect.status === "done" && effect.reversible && !effect.undoneAt);
  if (mayUndo) item.append(button("Take back", () => change(effect, "undo")));
  if (effect.status === "unknown") item.append(button("Ask the service", () => change(effect, "reconcile")));
  return item;
}

/** Only an address of the web: a service could have sent any. */
function receiptLink(address) {
  if (typeof address !== "string" || !/^https?:\/\//i.test(address)) return null;
  const link = line("a", `See it: ${address}`);
  link.href = address;
  link.rel = "noopener noreferrer";
  link.target = "_blank";
  return link;
}

function line(tag, text, className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  return element;
}

function button(text, work) {
  const element = line("button", text);
  element.type = "button";
  element.addEventListener("click", () => act(element, work));
  return element;
}

async function act(element, work) {
  element.disabled = true;
  say("Working…");
  try {
    await work();
    await open();
  } catch (error) {
    fail(error);
  } finally {
    element.disabled = false;
  }
}

const change = (effect, verb) => call("POST", `/api/effects/${encodeURIComponent(effect.id)}/${verb}`);

function fail(error) {
  if (error.status === 401 || error.status === 403) {
    byId("sign-in").hidden = false;
    byId("halt").hidden = true;
  }
  say(error.status === 401 ? "Sign in to see it." : error.message);
}

byId("stop").addEventListener("click", (event) => act(event.currentTarget, () => call("POST", "/api/stop")));
byId("resume").addEventListener("click", (event) => act(event.currentTarget, () => call("POST", "/api/resume")));
byId("more").addEventListener("click", () => showMore().catch(fail));
byId("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = byId("token").value;
  byId("token").value = "";
  void act(event.submitter, () => call("POST", "/api/session", { token }));
});

await open();
