import { useConnectionState } from '@bellhop/client/react';
import { useSyncExternalStore } from 'react';
import { useApp } from '../app';
import { useNow } from '../time';
import { Button } from '../ui/form';

const WORDS = {
  idle: 'Offline',
  connecting: 'Connecting',
  connected: 'Live',
  reconnecting: 'Reconnecting',
  stopped: 'Disconnected',
};
const TRANSPORTS = { websocket: 'WebSocket', sse: 'SSE', shared: 'other tab' };

export function ConnectionBadge() {
  const { client, journal } = useApp();
  const { state, transport, retryAt, ended } = useConnectionState();
  const recovery = useSyncExternalStore(journal.subscribe, journal.getRecovery);
  const now = useNow(500, retryAt !== null);
  const seconds = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - now) / 1000));
  return (
    <div className={`badge ${state}`} data-testid="badge" data-state={state}>
      <span className="dot" aria-hidden="true" />
      <span role="status">
        {WORDS[state]}
        {state === 'connected' && transport && <span className="detail"> · {TRANSPORTS[transport]}</span>}
        {state === 'stopped' && ended && <span className="detail"> · {ended.reason.replaceAll('_', ' ')}</span>}
      </span>
      {state === 'reconnecting' && (
        <span className="detail countdown" aria-hidden="true">
          {seconds > 0 ? `in ${seconds} s` : 'now'}
        </span>
      )}
      {state === 'connected' && recovery && (
        <span className="detail recovery" data-testid="recovery" title={recovery}>
          {recovery.split(' ')[0]}
        </span>
      )}
      {(state === 'reconnecting' || state === 'stopped') && (
        <Button className="button small" onClick={() => (state === 'stopped' ? client.connect() : client.restart())}>
          Try now
        </Button>
      )}
    </div>
  );
}
