/** Rows that are kept. */
const KEPT = 200;

const state = document.getElementById("state");
const events = document.getElementById("events");
let following = new AbortController();

document.querySelector("form").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  following.abort();
  following = new AbortController();
  events.replaceChildren();
  const token = document.getElementById("token").value.trim();
  follow(token, following.signal).catch((error) => {
    if (error.name !== "AbortError") {
      state.textContent = `Not following: ${error.message}.`;
    }
  });
});

/** Server-sent events by fetch, which keeps the token out of the address. Resumes for as long as the token is good. */
async function follow(token, signal) {
  let cursor = "";
  for (;;) {
    const response = await connect(token, cursor, signal);
    if (response?.ok) {
      state.textContent = "Following.";
      cursor = await read(response.body, cursor);
      signal.throwIfAborted();
    } else if (response && response.status < 500) {
      throw new Error((await response.json()).detail);
    }
    state.textContent = "Lost the connection; trying again.";
    await new Promise((resolve) => setTimeout(resolve, 2000));
    signal.throwIfAborted();
  }
}

/** Null while nobody answers. */
async function connect(token, cursor, signal) {
  try {
    return await fetch(cursor ? "/events" : "/events?history=20", {
      headers: {
        Authorization: `Bearer ${token}`,
        ...(cursor && { "Last-Event-ID": cursor }),
      },
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    console.warn(error);
    return null;
  }
}

/** Shows what comes until the connection is lost, and returns where the stream then stood. */
async function read(body, cursor) {
  try {
    for await (const { id, data } of messages(body)) {
      cursor = id || cursor;
      show(JSON.parse(data));
    }
  } catch (error) {
    console.warn(error);
  }
  return cursor;
}

async function* messages(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const field = (name) =>
        new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
      if (field("data")) {
        yield { id: field("id"), data: field("data") };
      }
    }
  }
}

function show({ type, timestamp, payload }) {
  const row = document.createElement("li");
  const title = document.createElement("strong");
  const body = document.createElement("pre");
  title.textContent = `${timestamp} ${type}`;
  body.textContent = JSON.stringify(payload, null, 2);
  row.append(title, body);
  events.prepend(row);
  while (events.children.length > KEPT) {
    events.lastChild.remove();
  }
}
