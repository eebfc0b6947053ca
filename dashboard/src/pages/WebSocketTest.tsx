import type { Frame, Outgoing } from '@bellhop/client';
import { useConnectionState } from '@bellhop/client/react';
import { type FormEvent, useEffect, useState, useSyncExternalStore } from 'react';
import { useApp } from '../app';
import { clock } from '../time';
import { Json, Page } from '../ui/bits';
import { Button, Field } from '../ui/form';

const KEPT = 300;

const EXAMPLES: readonly [string, string][] = [
  ['Heartbeat', '{"type":"heartbeat"}'],
  ['Statistics', '{"type":"get_stats"}'],
  ['Who is here', '{"type":"presence","room":"org"}'],
  ['Join a room', '{"type":"subscribe","room":"property-1"}'],
  ['Leave it', '{"type":"unsubscribe","room":"property-1"}'],
  ['Nonsense', 'not even JSON'],
];

interface Line {
  key: number;
  at: number;
  direction: 'in' | 'out';
  frame: Frame | Outgoing;
}

let keys = 0;

const typeOf = (frame: Frame | Outgoing) => (typeof frame === 'string' ? 'text' : String(frame.type ?? 'no type'));

const bodyOf = (frame: Frame | Outgoing) =>
  typeof frame === 'string' ? frame : JSON.stringify('payload' in frame ? frame.payload : frame);

function Row({ line: { at, direction, frame } }: { line: Line }) {
  const [open, setOpen] = useState(false);
  return (
    <li className={direction}>
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>
          <span role="img" aria-label={direction === 'in' ? 'received' : 'sent'}>
            {direction === 'in' ? '←' : '→'}
          </span>{' '}
          <time>{clock(at)}</time> <b>{typeOf(frame)}</b> <span className="muted">{bodyOf(frame)}</span>
        </summary>
        {open && <Json value={frame} />}
      </details>
    </li>
  );
}

export function WebSocketTest() {
  const { client, journal } = useApp();
  const { state, isConnected, transport, session } = useConnectionState();
  const recovery = useSyncExternalStore(journal.subscribe, journal.getRecovery);
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [text, setText] = useState(EXAMPLES[0]?.[1] ?? '');
  useEffect(
    () =>
      client.onFrame((frame, direction) =>
        setLines((now) => [{ key: ++keys, at: Date.now(), direction, frame }, ...now.slice(0, KEPT - 1)]),
      ),
    [client],
  );
  const send = (event: FormEvent) => {
    event.preventDefault();
    client.sendMessage(text);
  };
  return (
    <Page title="WebSocket test" actions={<Button onClick={() => setLines([])}>Clear</Button>}>
      <div className="split">
        <section className="card log" aria-labelledby="frames">
          <h2 id="frames">Frames</h2>
          <ol className="scroll" tabIndex={0} aria-label="Frames, newest first" data-testid="frames">
            {lines.length === 0 && <li className="muted">Nothing said yet. Send something, or wait for a ping.</li>}
            {lines.map((line) => (
              <Row key={line.key} line={line} />
            ))}
          </ol>
        </section>
        <div>
          <section className="card" aria-labelledby="state">
            <h2 id="state">Connection</h2>
            <dl className="facts narrow">
              <div>
                <dt>State</dt>
                <dd data-testid="state">{state}</dd>
              </div>
              <div>
                <dt>Transport</dt>
                <dd>{transport ?? '–'}</dd>
              </div>
              <div>
                <dt>Connection</dt>
                <dd data-testid="connection">{session?.connection_id ?? '–'}</dd>
              </div>
              <div>
                <dt>Recovery</dt>
                <dd data-testid="how">{recovery ?? 'first connection'}</dd>
              </div>
            </dl>
            <span className="actions">
              <Button onClick={client.restart}>Drop and recover</Button>
              <Button onClick={isConnected ? client.disconnect : client.connect}>
                {isConnected ? 'Disconnect' : 'Connect'}
              </Button>
            </span>
          </section>
          <section className="card" aria-labelledby="send">
            <h2 id="send">Send</h2>
            <p className="actions">
              {EXAMPLES.map(([name, example]) => (
                <Button key={name} className="button small" onClick={() => setText(example)}>
                  {name}
                </Button>
              ))}
            </p>
            <form onSubmit={send}>
              <Field label="Text of the frame">
                <textarea
                  rows={5}
                  spellCheck={false}
                  className="mono"
                  value={text}
                  onChange={({ target }) => setText(target.value)}
                />
              </Field>
              <Button kind="primary" disabled={!isConnected}>
                Send
              </Button>
            </form>
          </section>
        </div>
      </div>
    </Page>
  );
}
