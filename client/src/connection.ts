import { backOff, comesBack } from './closing.js';
import { UnauthorizedError } from './errors.js';
import type { Frame, ServerFrame } from './frames.js';
import type { Connected } from './generated/model.js';
import { type Line, type LineEvents, openEventStream, openWebSocket } from './line.js';
import {
  IDLE,
  type Outgoing,
  type Sink,
  type Source,
  type SourceOptions,
  type Status,
  type TokenReason,
} from './source.js';
import { Subscriptions } from './subscriptions.js';

/** From the start of an attempt to the server's `connected`. */
const HANDSHAKE_MS = 10_000;

/** After this long a connection counts as good, and the back-off starts anew. */
const STABLE_MS = 10_000;

/** A stream of server-sent events has a comment every 15 s. */
const STREAM_SILENCE_MS = 20_000;

type Timer = ReturnType<typeof setTimeout>;

/** A connection to the realtime service that comes back by itself and goes on where it was. */
export class Connection implements Source {
  #options: SourceOptions;
  #sink: Sink;
  #status: Status = IDLE;
  #line: Line | null = null;
  /** Grows with every attempt; what belongs to an older one is void. */
  #turn = 0;
  /** The server's words before it closes. */
  #farewell: ServerFrame<'disconnect'>['payload'] | null = null;

  #retry: Timer | undefined;
  /** The server's own delay: not to be shortened by the user's looking. */
  #imposed = false;
  #handshake: Timer | undefined;
  #stable: Timer | undefined;
  #heartbeat: Timer | undefined;
  #silence: Timer | undefined;
  #refresh: Timer | undefined;
  #lastHeard = 0;

  #token = '';
  /** The last one that the server would not have any more. */
  #expiredToken: string | null = null;
  #tokenSince = 0;

  /** Attempts in a row that did not get as far as `connected`. */
  #failures = 0;
  #sseUntilLost = false;
  #webSocketWorks = false;

  #subscriptions = new Subscriptions({
    send: (message) => this.send(message),
    changed: (rooms) => this.#set(rooms),
    needsNewLine: () => this.#redial(),
  });

  constructor(options: SourceOptions, sink: Sink) {
    this.#options = options;
    this.#sink = sink;
  }

  // ---- the way in ----

  start(): void {
    const { state } = this.#status;
    if (state !== 'idle' && state !== 'stopped') {
      return;
    }
    this.#failures = 0;
    this.#expiredToken = null;
    this.#listen(true);
    this.#set({ ...IDLE, state: 'connecting' });
    void this.#dial('connect');
  }

  async #dial(reason: TokenReason): Promise<void> {
    const turn = ++this.#turn;
    clearTimeout(this.#retry);
    this.#set({ retryAt: null });
    try {
      const token = await this.#options.token({ reason });
      if (turn !== this.#turn) {
        return;
      }
      this.#keepToken(token);
    } catch (error) {
      if (turn === this.#turn) {
        this.#tokenMissing(error);
      }
      return;
    }
    if (this.#token === this.#expiredToken) {
      this.#end(1008, 'token_expired'); // there is no newer one, and no use in asking with this one for ever
      return;
    }
    this.#handshake = setTimeout(() => this.#lost(1006, 'timeout'), HANDSHAKE_MS);
    const events: LineEvents = {
      text: (text) => void (turn === this.#turn && this.#received(text)),
      alive: () => void (turn === this.#turn && this.#heard()),
      closed: (code, why) => void (turn === this.#turn && this.#lost(code, why)),
    };
    try {
      this.#line = this.#open(events);
    } catch (error) {
      this.#options.report(error, 'connect');
      this.#lost(1006, String(error));
    }
  }

  #keepToken(token: string): void {
    if (token !== this.#token) {
      this.#token = token;
      this.#tokenSince = Date.now();
    }
  }

  #tokenMissing(error: unknown): void {
    if (error instanceof UnauthorizedError) {
      this.#end(1008, 'token_missing');
    } else {
      this.#options.report(error, 'token');
      this.#lost(1006, 'token');
    }
  }

  #open(events: LineEvents): Line {
    const { base, WebSocket, fetch, cursor } = this.#options;
    const transport = this.#transport();
    this.#set({ transport });
    const dial = { base, token: this.#token, cursor: cursor.get(), rooms: this.#subscriptions.names() };
    return transport === 'sse' || !WebSocket
      ? openEventStream(fetch, dial, events)
      : openWebSocket(WebSocket, dial, events);
  }

  /**
   * The first, until it fails: soon where it never worked, late where it did and is probably coming back. The second holds
   * until it is lost, at the latest with its token; then the first has another try.
   */
  #transport(): 'websocket' | 'sse' {
    const [first = 'websocket', second = first] = this.#options.transports;
    if (this.#sseUntilLost) {
      return 'sse';
    }
    const patience = this.#webSocketWorks ? 5 : 2;
    return this.#failures >= patience && (this.#failures - patience) % 2 === 0 ? second : first;
  }

  // ---- what the server says ----

  #received(text: string): void {
    this.#heard();
    let frame: Frame;
    try {
      frame = JSON.parse(text) as Frame;
    } catch (error) {
      this.#options.report(error, 'frame');
      return;
    }
    switch (frame.type) {
      case 'connected':
        this.#connected(frame.payload);
        break;
      case 'disconnect':
        this.#farewell = frame.payload;
        break;
      case 'token_expiring':
        this.#expiring(Date.parse(frame.payload.expires_at) - Date.parse(frame.timestamp));
        break;
      case 'refreshed':
        if (this.#status.session) {
          this.#set({ session: { ...this.#status.session, ...frame.payload } });
        }
        break;
      case 'subscribed':
        this.#subscriptions.joined(frame.payload.room, frame.ref);
        break;
      case 'unsubscribed':
        this.#subscriptions.left(frame.payload.room, frame.payload.reason);
        break;
      case 'caught_up':
        this.#subscriptions.caughtUp(frame.ref);
        break;
      case 'error':
        this.#subscriptions.refused(frame.payload.code, frame.ref);
        break;
    }
    this.#sink.frame(frame);
  }

  #connected(session: Connected): void {
    const { transport } = this.#status;
    clearTimeout(this.#handshake);
    this.#failures = 0;
    this.#sseUntilLost = transport === 'sse';
    this.#webSocketWorks ||= transport === 'websocket';
    this.#stable = setTimeout(() => this.#set({ attempt: 0 }), STABLE_MS);
    this.#heartbeat = setInterval(() => this.#probe(), session.heartbeat_interval_ms);
    this.#set({ state: 'connected', session, rooms: session.rooms, ended: null, retryAt: null });
    this.#subscriptions.entered(session, transport === 'websocket');
  }

  // ---- is it alive? ----

  #heard(): void {
    this.#lastHeard = Date.now();
    clearTimeout(this.#silence);
    this.#silence = undefined;
  }

  /** Asks for a sign of life, to be given within the server's own limit. */
  #probe(): void {
    const { session, transport, state } = this.#status;
    if (state !== 'connected' || !session || this.#silence) {
      return;
    }
    if (transport === 'sse') {
      if (Date.now() - this.#lastHeard > STREAM_SILENCE_MS) {
        this.#lost(4009, 'no_pong');
      }
    } else {
      this.send({ type: 'heartbeat' });
      this.#silence = setTimeout(() => this.#lost(4009, 'no_pong'), session.heartbeat_timeout_ms);
    }
  }

  #listen(on: boolean): void {
    const change = on ? 'addEventListener' : 'removeEventListener';
    const { document } = globalThis;
    globalThis[change]?.('online', this.#online);
    globalThis[change]?.('offline', this.#looked);
    globalThis[change]?.('pageshow', this.#looked);
    document?.[change]('visibilitychange', this.#looked);
  }

  #online = (): void => {
    if (this.#status.retryAt) {
      void this.#dial('connect');
    } else {
      this.#probe();
    }
  };

  /** Somebody may be looking again: a sleeping machine does not notice that its connection is gone. */
  #looked = (): void => {
    if (globalThis.document?.visibilityState === 'hidden') {
      return;
    }
    if (this.#status.retryAt && !this.#imposed && globalThis.navigator?.onLine !== false) {
      void this.#dial('connect');
    } else {
      this.#probe();
    }
  };

  // ---- the token ----

  /** When at least half of its life is over: a token that is short-lived by nature is not renewed in a loop. */
  #expiring(leftMs: number): void {
    clearTimeout(this.#refresh);
    const age = Date.now() - this.#tokenSince;
    this.#refresh = setTimeout(() => void this.#renew(leftMs, this.#turn), Math.max(0, (leftMs - age) / 2));
  }

  async #renew(leftMs: number, turn: number): Promise<void> {
    if (this.#status.transport === 'sse') {
      return; // there is no way to say it; the stream comes back with a new one
    }
    const last = this.#token;
    try {
      const token = await this.#options.token({ reason: 'expiring' });
      if (turn !== this.#turn) {
        return;
      }
      this.#keepToken(token);
    } catch (error) {
      this.#options.report(error, 'token');
    }
    if (turn !== this.#turn) {
      return;
    }
    if (this.#token !== last) {
      this.send({ type: 'refresh', token: this.#token });
    } else {
      this.#refresh = setTimeout(() => void this.#renew(leftMs / 2, turn), Math.max(1000, leftMs / 2));
    }
  }

  // ---- the way out ----

  send(message: Outgoing): boolean {
    if (!this.#line?.send(typeof message === 'string' ? message : JSON.stringify(message))) {
      return false;
    }
    this.#sink.sent(typeof message !== 'string' && message.type === 'refresh' ? { ...message, token: '***' } : message);
    return true;
  }

  restart(): void {
    if (this.#status.state === 'connected') {
      this.#lost(1006, 'restart');
    } else if (this.#status.retryAt) {
      void this.#dial('connect');
    }
  }

  setRooms(rooms: ReadonlyMap<string, string | undefined>): void {
    this.#subscriptions.want(rooms);
  }

  stop(): void {
    this.#drop();
    this.#listen(false);
    this.#set(IDLE);
  }

  #lost(code: number, reason: string): void {
    const bye = this.#farewell;
    this.#drop();
    this.#failures++;
    const why = bye?.reason ?? reason;
    if (!(bye ? bye.reconnect : comesBack(code, reason))) {
      this.#end(bye?.code ?? code, why);
      return;
    }
    const { enabled = true, maxAttempts = Infinity } = this.#options.reconnect();
    const { attempt } = this.#status;
    if (!enabled || attempt >= maxAttempts) {
      this.#end(code, why);
      return;
    }
    this.#sseUntilLost = false;
    if (why === 'token_expired') {
      this.#expiredToken = this.#token;
    }
    const retryAfterMs = bye?.retry_after_ms ?? 0;
    // The server has spread those whom it tells when to come back, and a new token needs no patience: the first time.
    const prompt = attempt === 0 && (why === 'restarting' || why === 'token_expired');
    const offline = globalThis.navigator?.onLine === false;
    const delay = offline ? 30_000 : retryAfterMs + (prompt ? 0 : backOff(attempt));
    this.#imposed = retryAfterMs > 0;
    this.#set({
      state: 'reconnecting',
      rooms: [],
      attempt: attempt + 1,
      retryAt: Date.now() + delay,
      ended: { code, reason: why },
    });
    const next: TokenReason = why === 'token_expired' ? 'expired' : 'connect';
    this.#retry = setTimeout(() => void this.#dial(next), delay);
  }

  /** A stream has its rooms from its start: other rooms need another stream, which goes on where this one was. */
  #redial(): void {
    this.#drop();
    this.#sseUntilLost = true;
    void this.#dial('connect');
  }

  #end(code: number, reason: string): void {
    this.#drop();
    this.#listen(false);
    this.#set({ state: 'stopped', rooms: [], retryAt: null, ended: { code, reason } });
  }

  #drop(): void {
    this.#turn++;
    for (const timer of [this.#retry, this.#handshake, this.#stable, this.#silence, this.#refresh]) {
      clearTimeout(timer);
    }
    clearInterval(this.#heartbeat);
    this.#silence = undefined;
    this.#farewell = null;
    this.#subscriptions.lost();
    this.#line?.close();
    this.#line = null;
  }

  #set(change: Partial<Status>): void {
    this.#status = { ...this.#status, ...change };
    this.#sink.status(this.#status);
  }
}
