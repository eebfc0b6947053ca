/** One attempt to be connected, whatever it runs over. */
export interface Line {
  /** @returns false when it cannot carry messages to the server */
  send(text: string): boolean;
  close(): void;
}

/** The part of a WebSocket that is used; that of a browser, and that of the package `ws`. */
export interface Socket {
  readyState: number;
  // Each implementation has event types of its own.
  onmessage: ((message: any) => void) | null;
  onclose: ((end: any) => void) | null;
  onerror: ((error: any) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export type SocketConstructor = new (address: string, protocols: string[]) => Socket;

export interface LineEvents {
  /** One frame of the server. */
  text(text: string): void;
  /** A sign of life that is no frame. */
  alive(): void;
  /** The end, said once. 1006 when nobody said why. */
  closed(code: number, reason: string): void;
}

export interface Dial {
  /** Origin and path prefix of the realtime service, with `http:` or `https:`. */
  base: string;
  token: string;
  cursor: string | null;
  rooms: readonly string[];
}

function address(dial: Dial, path: string): string {
  const query = new URLSearchParams();
  if (dial.cursor) {
    query.set('cursor', dial.cursor);
  }
  if (dial.rooms.length) {
    query.set('rooms', dial.rooms.join());
  }
  return `${dial.base}${path}?${query}`;
}

/** The token travels as a sub-protocol: an address may end up in somebody's log. */
export function openWebSocket(Socket: SocketConstructor, dial: Dial, events: LineEvents): Line {
  const socket = new Socket(address(dial, '/ws').replace(/^http/, 'ws'), ['bellhop.v1', `bearer.${dial.token}`]);
  socket.onmessage = (message: { data: string }) => events.text(message.data);
  socket.onclose = (end: { code: number; reason: string }) => events.closed(end.code, end.reason);
  socket.onerror = () => {}; // the close that follows says what there is to say; outside of browsers somebody has to listen
  return {
    send(text) {
      if (socket.readyState !== 1) {
        return false;
      }
      socket.send(text);
      return true;
    },
    close() {
      socket.onmessage = socket.onclose = null;
      socket.close(1000);
    },
  };
}

/** Server-sent events by `fetch`, which can send a token and see a status, unlike `EventSource`. */
export function openEventStream(fetcher: typeof fetch, dial: Dial, events: LineEvents): Line {
  const abort = new AbortController();
  const read = async () => {
    const response = await fetcher(address(dial, '/events'), {
      headers: { Authorization: `Bearer ${dial.token}`, Accept: 'text/event-stream' },
      signal: abort.signal,
      cache: 'no-store',
    });
    if (!response.ok || !response.body) {
      const problem = await response.text();
      if (response.status !== 401) {
        return '';
      }
      return problem.includes('token-expired') ? 'token_expired' : 'token_invalid';
    }
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return '';
      }
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      events.alive();
      for (const line of lines) {
        if (line.startsWith('data: ')) {
          events.text(line.slice(6));
        }
      }
    }
  };
  read().then(
    (reason) => abort.signal.aborted || events.closed(reason ? 1008 : 1006, reason),
    (failure: unknown) => abort.signal.aborted || events.closed(1006, String(failure)),
  );
  return { send: () => false, close: () => abort.abort() };
}
