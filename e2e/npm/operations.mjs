// Goes through every operation that Posthorn shares with Svix, with Svix' own client. It is told by its arguments where
// the server is, a token, and the address of a receiver that answers 200; it ends with an exception if anything is not
// as a user of the client would expect. The requests that the receiver got are the test's business, not this file's.
import assert from "node:assert/strict";
import { ApiException, MessageStatus, Ordering, StatusCodeClass, Svix, messageInRaw } from "svix";

const [serverUrl, token, receiver] = process.argv.slice(2);
const svix = new Svix(token, { serverUrl });
const PATIENCE = 60_000;

/** Asks again until the answer is as it should be: deliveries take their time. */
async function until(what, ask, fits) {
    const end = Date.now() + PATIENCE;
    for (;;) {
        const answer = await ask();
        if (fits(answer)) {
            return answer;
        }
        assert.ok(Date.now() < end, `${what}: ${JSON.stringify(answer)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

async function refused(status, call) {
    try {
        await call();
    } catch (e) {
        assert.ok(e instanceof ApiException, String(e));
        assert.equal(e.code, status, JSON.stringify(e.body));
        return e.body;
    }
    assert.fail(`a ${status} was expected`);
}

const seen = [];
async function operation(name, work) {
    try {
        await work();
    } catch (e) {
        throw new Error(`${name}: ${e.message} ${JSON.stringify(e.body ?? "")}`, { cause: e });
    }
    seen.push(name);
}

await operation("health", () => svix.health.get());

// ---- event types
await operation("eventType.create", async () => {
    const made = await svix.eventType.create({
        name: "invoice.paid",
        description: "An invoice was paid",
        groupName: "invoice",
        schemas: { 1: { type: "object", properties: { id: { type: "string" } }, examples: [{ id: "in_1" }] } },
    });
    assert.equal(made.name, "invoice.paid");
    assert.equal(made.groupName, "invoice");
    assert.ok(made.createdAt instanceof Date);
    await svix.eventType.create({ name: "invoice.lost", description: "" });
    assert.equal((await refused(409, () => svix.eventType.create({ name: "invoice.paid", description: "" }))).code, "conflict");
});
await operation("eventType.get", async () => {
    const found = await svix.eventType.get("invoice.paid");
    assert.deepEqual(found.schemas[1].examples, [{ id: "in_1" }]);
});
await operation("eventType.list", async () => {
    const first = await svix.eventType.list({ limit: 1, order: Ordering.Ascending });
    assert.equal(first.data[0].name, "invoice.lost");
    assert.equal(first.done, false);
    const second = await svix.eventType.list({ limit: 1, order: Ordering.Ascending, iterator: first.iterator });
    assert.equal(second.data[0].name, "invoice.paid");
});
await operation("eventType.update", async () => {
    const updated = await svix.eventType.update("invoice.lost", { description: "changed" });
    assert.equal(updated.description, "changed");
});
await operation("eventType.patch", async () => {
    const patched = await svix.eventType.patch("invoice.lost", { deprecated: true });
    assert.equal(patched.deprecated, true);
    assert.equal(patched.description, "changed");
});
await operation("eventType.delete", async () => {
    await svix.eventType.delete("invoice.lost");
    const names = (await svix.eventType.list()).data.map((type) => type.name);
    assert.ok(!names.includes("invoice.lost"));
    assert.ok((await svix.eventType.list({ includeArchived: true })).data.some((type) => type.archived));
});

// ---- applications
await operation("application.create", async () => {
    const made = await svix.application.create({ name: "npm", uid: "npm-1.a_b", metadata: { plan: "gold" }, throttleRate: 7 });
    assert.ok(made.id.startsWith("app_"));
    assert.equal(made.throttleRate, 7);
    const same = await svix.application.create({ name: "x" }, { idempotencyKey: "once" });
    const again = await svix.application.create({ name: "x" }, { idempotencyKey: "once" });
    assert.equal(again.id, same.id);
    await refused(422, () => svix.application.create({ name: "y" }, { idempotencyKey: "once" }));
    await svix.application.delete(same.id);
});
const app = "npm-1.a_b";
await operation("application.getOrCreate", async () => {
    assert.equal((await svix.application.getOrCreate({ name: "npm", uid: app })).metadata.plan, "gold");
});
await operation("application.get", async () => assert.equal((await svix.application.get(app)).uid, app));
await operation("application.list", async () => {
    const page = await svix.application.list({ limit: 250 });
    assert.ok(page.data.some((each) => each.uid === app));
    assert.equal(page.done, true);
    await refused(422, () => svix.application.list({ limit: 251 }));
});
await operation("application.update", async () => {
    const updated = await svix.application.update(app, { name: "npm!", uid: app, metadata: { plan: "silver" } });
    assert.equal(updated.metadata.plan, "silver");
    assert.equal(updated.throttleRate ?? null, null);
});
await operation("application.patch", async () => {
    const patched = await svix.application.patch(app, { throttleRate: 9 });
    assert.equal(patched.name, "npm!");
    assert.equal(patched.throttleRate, 9);
    assert.equal((await svix.application.patch(app, { throttleRate: null })).throttleRate ?? null, null);
});

// ---- endpoints
const ep = "ep.npm";
await operation("endpoint.create", async () => {
    const made = await svix.endpoint.create(app, {
        url: receiver,
        uid: ep,
        description: "d",
        filterTypes: ["invoice.paid"],
        channels: null,
        metadata: { a: "b" },
        headers: { "x-custom": "one" },
    });
    assert.ok(made.id.startsWith("ep_"));
    assert.deepEqual(made.filterTypes, ["invoice.paid"]);
    await refused(422, () => svix.endpoint.create(app, { url: "not a url" }));
    await refused(404, () => svix.endpoint.create("nobody", { url: receiver }));
});
await operation("endpoint.get", async () => assert.equal((await svix.endpoint.get(app, ep)).description, "d"));
await operation("endpoint.list", async () => assert.equal((await svix.endpoint.list(app)).data.length, 1));
await operation("endpoint.update", async () => {
    const updated = await svix.endpoint.update(app, ep, { url: receiver, uid: ep, description: "e", filterTypes: ["invoice.paid"] });
    assert.equal(updated.description, "e");
});
await operation("endpoint.patch", async () => {
    assert.equal((await svix.endpoint.patch(app, ep, { description: "f" })).description, "f");
    assert.deepEqual((await svix.endpoint.get(app, ep)).filterTypes, ["invoice.paid"]);
});
await operation("endpoint.updateHeaders", () => svix.endpoint.updateHeaders(app, ep, { headers: { "x-custom": "two", authorization: "hidden" } }));
await operation("endpoint.patchHeaders", () => svix.endpoint.patchHeaders(app, ep, { headers: { "x-more": "three" } }));
await operation("endpoint.getHeaders", async () => {
    const { headers, sensitive } = await svix.endpoint.getHeaders(app, ep);
    const names = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    assert.equal(names["x-custom"], "two");
    assert.equal(names["x-more"], "three");
    assert.ok(sensitive.map((name) => name.toLowerCase()).includes("authorization"));
    assert.ok(!JSON.stringify(headers).includes("hidden"));
});
let secret;
await operation("endpoint.getSecret", async () => {
    secret = (await svix.endpoint.getSecret(app, ep)).key;
    assert.match(secret, /^whsec_/);
});
await operation("endpoint.rotateSecret", async () => {
    await svix.endpoint.rotateSecret(app, ep, {});
    assert.notEqual((await svix.endpoint.getSecret(app, ep)).key, secret);
});

// ---- messages
let message;
await operation("message.create", async () => {
    message = await svix.message.create(app, {
        eventType: "invoice.paid",
        eventId: "evt_1",
        payload: { id: "in_1", amount: 10.5 },
        tags: ["red"],
    });
    assert.ok(message.id.startsWith("msg_"));
    assert.deepEqual(message.payload, { id: "in_1", amount: 10.5 });
    const body = await refused(409, () => svix.message.create(app, { eventType: "invoice.paid", eventId: "evt_1", payload: {} }));
    assert.equal(body.code, "conflict");
    await refused(422, () => svix.message.create(app, { eventType: "has spaces", payload: {} }));
    assert.deepEqual((await svix.message.create(app, { eventType: "invoice.paid", payload: { x: 1 } }, { withContent: false })).payload, {});
    await svix.message.create(app, messageInRaw("invoice.paid", '{"raw": 1.00}'));
});
await operation("message.get", async () => {
    assert.deepEqual((await svix.message.get(app, message.id)).payload, { id: "in_1", amount: 10.5 });
    assert.equal((await svix.message.get(app, "evt_1")).id, message.id);
    await refused(404, () => svix.message.get(app, "msg_2b3c"));
});
await operation("message.list", async () => {
    const all = await svix.message.list(app, { eventTypes: ["invoice.paid", "other"] });
    assert.equal(all.data.length, 3);
    assert.equal((await svix.message.list(app, { tag: "red" })).data[0].id, message.id);
    assert.equal((await svix.message.list(app, { before: new Date(Date.now() - 3_600_000) })).data.length, 0);
    const page = await svix.message.list(app, { limit: 2 });
    assert.equal(page.done, false);
    const next = await svix.message.list(app, { limit: 2, iterator: page.iterator });
    assert.equal(next.data.length, 1);
    const back = await svix.message.list(app, { limit: 2, iterator: next.prevIterator });
    assert.deepEqual(back.data.map((each) => each.id), page.data.map((each) => each.id));
});

// ---- attempts
let attempt;
await operation("messageAttempt.listByMsg", async () => {
    const list = await until(
        "delivered",
        () => svix.messageAttempt.listByMsg(app, message.id),
        (found) => found.data.length === 1,
    );
    attempt = list.data[0];
    assert.equal(attempt.status, MessageStatus.Success);
    assert.equal(attempt.responseStatusCode, 200);
    assert.ok(attempt.timestamp instanceof Date);
});
await operation("messageAttempt.listByEndpoint", async () => {
    const list = await svix.messageAttempt.listByEndpoint(app, ep, { statusCodeClass: StatusCodeClass.Code2xx, withMsg: true });
    assert.ok(list.data.some((each) => each.id === attempt.id));
    assert.equal((await svix.messageAttempt.listByEndpoint(app, ep, { status: MessageStatus.Fail })).data.length, 0);
});
await operation("messageAttempt.listAttemptedMessages", async () => {
    const list = await svix.messageAttempt.listAttemptedMessages(app, ep, { eventTypes: ["invoice.paid"] });
    assert.ok(list.data.some((each) => each.id === message.id && each.status === MessageStatus.Success));
});
await operation("messageAttempt.listAttemptedDestinations", async () => {
    const list = await svix.messageAttempt.listAttemptedDestinations(app, message.id);
    assert.equal(list.data[0].uid, ep);
});
await operation("messageAttempt.get", async () => {
    assert.equal((await svix.messageAttempt.get(app, message.id, attempt.id)).id, attempt.id);
});
await operation("messageAttempt.resend", async () => {
    await svix.messageAttempt.resend(app, message.id, ep);
    const list = await until(
        "sent again",
        () => svix.messageAttempt.listByMsg(app, message.id),
        (found) => found.data.length === 2,
    );
    assert.deepEqual(list.data.map((each) => each.triggerType).sort(), [0, 1]);
});
await operation("messageAttempt.expungeContent", () => svix.messageAttempt.expungeContent(app, message.id, attempt.id));
await operation("endpoint.getStats", async () => {
    const stats = await svix.endpoint.getStats(app, ep, { since: new Date(Date.now() - 3_600_000) });
    assert.ok(stats.success >= 1);
    assert.equal(stats.fail, 0);
});
await operation("endpoint.sendExample", async () => {
    const example = await svix.endpoint.sendExample(app, ep, { eventType: "invoice.paid" });
    assert.deepEqual(example.payload, { id: "in_1" });
});

// ---- redelivery
async function finished(task) {
    return until("finished", () => svix.backgroundTask.get(task), (found) => found.status === "finished");
}
await operation("endpoint.recover", async () => {
    const task = await svix.endpoint.recover(app, ep, { since: new Date(Date.now() - 3_600_000) });
    assert.equal(task.task, "endpoint.recover");
    await finished(task.id);
});
await operation("endpoint.replayMissing", async () => {
    const late = await svix.endpoint.create(app, { url: receiver, uid: "late" });
    const task = await svix.endpoint.replayMissing(app, late.id, { since: new Date(Date.now() - 3_600_000) });
    assert.equal(task.task, "endpoint.replay");
    await finished(task.id);
    await until(
        "replayed",
        () => svix.messageAttempt.listByEndpoint(app, "late"),
        (found) => found.data.length >= 3,
    );
});
await operation("backgroundTask.list", async () => {
    assert.ok((await svix.backgroundTask.list()).data.length >= 2);
});
await operation("message.expungeContent", async () => {
    await svix.message.expungeContent(app, message.id);
    assert.ok(!JSON.stringify((await svix.message.get(app, message.id)).payload).includes("in_1"));
});

// ---- the customers' access
await operation("authentication.appPortalAccess", async () => {
    const access = await svix.authentication.appPortalAccess(app, {});
    assert.ok(access.url.includes("://"));
    const customer = new Svix(access.token, { serverUrl });
    assert.equal((await customer.application.get(app)).uid, app);
    await refused(404, () => customer.application.get("another"));
    await refused(403, () => customer.application.create({ name: "mine" }));
    await customer.authentication.logout();
    await refused(401, () => customer.application.get(app));
});
await operation("authentication.logout", () => refused(403, () => svix.authentication.logout()));

// ---- the end
await operation("endpoint.delete", async () => {
    await svix.endpoint.delete(app, "late");
    await refused(404, () => svix.endpoint.get(app, "late"));
});
await operation("application.delete", async () => {
    await svix.application.create({ name: "short", uid: "short" });
    await svix.application.delete("short");
    await refused(404, () => svix.application.get("short"));
});
await refused(401, () => new Svix("wrong", { serverUrl }).application.list());

console.log(`operations: ${seen.length}`);
