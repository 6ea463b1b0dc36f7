// What people do, sent to the page's server; what changed, heard from it.

export async function call(where, verb, args = {}) {
  let answer;
  try {
    answer = await fetch(`/${where}/${verb}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(args),
    });
  } catch {
    return { ok: false, error: "offline" };
  }
  if (!answer.ok) return { ok: false, error: await answer.text() };
  return answer.json();
}

export function watch(heard) {
  const stream = new EventSource("/watch");
  stream.addEventListener("message", (event) => heard(JSON.parse(event.data)));
  return stream;
}

// Files as the stand-ins take them.
export async function uploads(files) {
  return Promise.all([...files].map(async (file) => ({
    name: file.name,
    content_type: file.type || "application/octet-stream",
    data_base64: await base64(file),
  })));
}

function base64(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => done(String(reader.result).slice(String(reader.result).indexOf(",") + 1)));
    reader.addEventListener("error", () => failed(reader.error));
    reader.readAsDataURL(file);
  });
}

// The newest call wins: while one refresh is under way, any number of changes ask for one more.
export function coalesced(act) {
  let running = null;
  let again = false;
  return async function run() {
    if (running) {
      again = true;
      return running;
    }
    running = (async () => {
      do {
        again = false;
        await act();
      } while (again);
    })();
    try {
      await running;
    } finally {
      running = null;
    }
  };
}
