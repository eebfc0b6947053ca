// @vitest-environment jsdom
import { act, cleanup, render, renderHook, screen, waitFor } from '@testing-library/react';
import { type ReactNode, StrictMode, useState } from 'react';
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { RealtimeClient } from '../src/index.js';
import {
  useConnectionState,
  useDashboardNotifications,
  useEvent,
  useLiveCollection,
  usePresence,
  useRoom,
  useWebSocket,
  WebSocketProvider,
} from '../src/react/index.js';
import { Proxy, createEntity, login, post } from './support.js';

let hr: { token: string; id: string };
let proxy: Proxy;
let client: RealtimeClient;

beforeAll(async () => {
  hr = await login('hr@harbor.example');
});

beforeEach(async () => {
  proxy = await Proxy.start(inject('realtimeUrl'));
  client = new RealtimeClient({ url: proxy.url, apiUrl: inject('apiUrl'), token: hr.token });
});

afterEach(async () => {
  cleanup();
  await proxy.close();
});

const Wrapper = ({ children }: { children: ReactNode }) => (
  <StrictMode>
    <WebSocketProvider client={client}>{children}</WebSocketProvider>
  </StrictMode>
);

it('opens one connection under StrictMode, for many components, and closes it with the last', async () => {
  const State = () => <p>{useWebSocket().connectionState}</p>;
  const { unmount } = render(
    <Wrapper>
      <State />
      <State />
    </Wrapper>,
  );
  await waitFor(() => expect(screen.getAllByText('connected')).toHaveLength(2));
  expect(proxy.opened).toBe(1);
  unmount();
  await waitFor(() => expect(client.getSnapshot().state).toBe('idle'));
  await waitFor(() => expect(proxy.open).toBe(0));
  expect(proxy.opened).toBe(1);
});

it('keeps the functions of its hooks, so that effects do not run again', async () => {
  const { result, rerender } = renderHook(() => ({ ...useWebSocket(), ...useDashboardNotifications() }), {
    wrapper: Wrapper,
  });
  const first = result.current;
  await waitFor(() => expect(result.current.isConnected).toBe(true));
  rerender();
  for (const name of [
    'onMessage',
    'subscribeToRoom',
    'sendMessage',
    'onApplicationEvent',
    'onOnboardingEvent',
    'subscribeToProperty',
  ] as const) {
    expect(result.current[name]).toBe(first[name]);
  }
});

it('calls the handler of the latest render', async () => {
  const heard: string[] = [];
  const Listener = () => {
    const [count, setCount] = useState(0);
    useEvent('entity_created', ({ name }) => heard.push(`${name} ${count}`));
    return <button onClick={() => setCount(count + 1)}>{useConnectionState().state}</button>;
  };
  render(<Listener />, { wrapper: Wrapper });
  const button = await screen.findByText('connected');
  await createEntity(hr.token, 'one');
  await waitFor(() => expect(heard).toEqual(['one 0']));
  act(() => button.click());
  await createEntity(hr.token, 'two');
  await waitFor(() => expect(heard).toEqual(['one 0', 'two 1']));
});

it('is in a room for as long as a component is there', async () => {
  const property = await post(hr.token, '/api/v1/properties', { name: 'Hooked' });
  const room = `property-${property.id}`;
  const { result, rerender } = renderHook(({ wanted }: { wanted: string | null }) => useRoom(wanted), {
    wrapper: Wrapper,
    initialProps: { wanted: room as string | null },
  });
  await waitFor(() => expect(result.current).toBe('joined'));
  rerender({ wanted: null });
  await waitFor(() => expect(client.getSnapshot().rooms).not.toContain(room));
});

it('tells who is there, as they come and go', async () => {
  const { result } = renderHook(() => usePresence('org'), { wrapper: Wrapper });
  await waitFor(() => expect(result.current.map((user) => user.user_id)).toContain(hr.id));
  const lodge = await login('downtown@harbor.example');
  const other = new RealtimeClient({ url: inject('realtimeUrl'), token: lodge.token });
  other.connect();
  await waitFor(() => expect(result.current.map((user) => user.user_id)).toContain(lodge.id), { timeout: 4000 });
  other.disconnect();
});

it('keeps notifications and counts what is unread', async () => {
  const { result } = renderHook(() => useDashboardNotifications(), { wrapper: Wrapper });
  await waitFor(() => expect(client.getSnapshot().isConnected).toBe(true));
  const admin = await login('admin@harbor.example');
  await post(
    admin.token,
    '/ws/notify-user',
    { user_id: hr.id, title: 'Shift', message: 'It is <ready>', severity: 'info' },
    inject('realtimeUrl'),
  );
  await waitFor(() => expect(result.current.unread).toBe(1));
  expect(result.current.notifications[0]).toMatchObject({
    title: 'Shift',
    severity: 'info',
    type: 'user.notification',
  });
  act(() => result.current.markRead());
  expect(result.current.unread).toBe(0);
});

describe('a live collection', () => {
  const useEntities = () => useLiveCollection('entities', { type: 'candidate', sort: '-created_at' });
  const names = (list: ReturnType<typeof useEntities>) => list.items.map((entity) => entity.name);

  it('is fetched once and kept by events', async () => {
    await createEntity(hr.token, 'there before');
    const { result } = renderHook(useEntities, { wrapper: Wrapper });
    await waitFor(() => expect(result.current.status).toBe('ready'));
    expect(names(result.current)).toContain('there before');
    const added = await createEntity(hr.token, 'came later');
    await waitFor(() => expect(names(result.current)[0]).toBe('came later'));
    await fetch(`${inject('apiUrl')}/api/v1/entities/${added.id}`, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${hr.token}` },
      body: JSON.stringify({ type: 'lead' }),
    });
    await waitFor(() => expect(names(result.current)).not.toContain('came later')); // it is no candidate any more
  });

  it('shows a change at once, settles with its event, and goes back when the server says no', async () => {
    const renders: { names: string[]; pending: number }[] = [];
    const { result } = renderHook(
      () => {
        const list = useEntities();
        renders.push({ names: names(list), pending: list.pending.size });
        return list;
      },
      { wrapper: Wrapper },
    );
    await waitFor(() => expect(result.current.status).toBe('ready'));
    const shown = () =>
      renders.splice(0).map(({ names, pending }) => `${names.filter((name) => name === 'Optimist').length}/${pending}`);
    shown();

    const { id } = await act(() => result.current.create({ type: 'candidate', name: 'Optimist' }));
    await waitFor(() => expect(result.current.items.find((entity) => entity.id === id)?.version).toBe(1));
    const created = shown();
    expect(created[0]).toBe('1/1');
    expect(new Set(created)).toEqual(new Set(['1/1', '1/0'])); // never gone, never twice
    expect(created.lastIndexOf('1/1')).toBeLessThan(created.indexOf('1/0'));

    await act(async () => {
      const refusal = { status: 422, problem: { errors: [{ field: 'name' }] } };
      await expect(result.current.update(id, { name: '' })).rejects.toMatchObject(refusal);
    });
    await waitFor(() => expect(result.current.pending.size).toBe(0));
    const corrected = shown();
    expect(corrected[0]).toBe('0/1');
    expect(corrected.at(-1)).toBe('1/0');

    await act(() => result.current.remove(id));
    expect(new Set(shown().map((count) => count[0]))).toEqual(new Set(['0']));
  });

  it('misses nothing over a break, and is fetched again when the stream cannot go on', async () => {
    const { result } = renderHook(useEntities, { wrapper: Wrapper });
    await waitFor(() => expect(result.current.status).toBe('ready'));
    const statuses = new Set<string>();
    const Watch = client.subscribe(() => statuses.add(result.current.status));
    proxy.refuses = true;
    proxy.cut();
    await waitFor(() => expect(client.getSnapshot().state).toBe('reconnecting'));
    await createEntity(hr.token, 'over the break');
    proxy.refuses = false;
    client.restart();
    await waitFor(() => expect(names(result.current)).toContain('over the break'));
    expect(client.getSnapshot().session?.recovered).toBe(true);

    proxy.refuses = true;
    proxy.cut();
    await waitFor(() => expect(client.getSnapshot().state).toBe('reconnecting'));
    await createEntity(hr.token, 'behind a lost cursor');
    client.forget();
    proxy.refuses = false;
    client.restart();
    await waitFor(() => expect(names(result.current)).toContain('behind a lost cursor'));
    expect(client.getSnapshot().session?.recovered).toBe(false);
    expect(statuses).toEqual(new Set(['ready'])); // never empty in between
    Watch();
  });

  it('fetches what an event leaves out', async () => {
    const { result } = renderHook(() => useLiveCollection('applications', { status: 'submitted' }), {
      wrapper: Wrapper,
    });
    await waitFor(() => expect(result.current.status).toBe('ready'));
    const property = await post(hr.token, '/api/v1/properties', { name: 'Applied' });
    const { id } = await post(hr.token, `/api/v1/properties/${property.id}/applications`, {
      applicant_name: 'Jane Roe',
      email: 'jane@example.com',
      position: 'Concierge',
    });
    await waitFor(() => expect(result.current.items.find((one) => one.id === id)?.email).toBe('jane@example.com'));
    let approved!: Promise<unknown>;
    act(() => void (approved = result.current.act(id, 'approve', {}, { status: 'approved' })));
    await waitFor(() => expect(result.current.items.some((one) => one.id === id)).toBe(false));
    await approved;
    await waitFor(() => expect(result.current.pending.size).toBe(0));
    expect(result.current.items.some((one) => one.id === id)).toBe(false);
  });
});
