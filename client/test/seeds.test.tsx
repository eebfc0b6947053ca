// @vitest-environment jsdom
import { act, cleanup, render, screen, waitFor } from '@testing-library/react';
import { StrictMode, useEffect } from 'react';
import { afterEach, beforeAll, expect, inject, it } from 'vitest';
import { useDashboardNotifications, useWebSocket, WebSocketProvider } from '../src/react/index.js';
import { login, post } from './support.js';

const shown: string[] = [];
const console = { log: (...words: string[]) => shown.push(words.join(' ')) };
const showToast = (text: string) => shown.push(text);

// ---- as the first seed has it, unchanged ----

function WithTheHook() {
  // prettier-ignore
  const {
    isConnected,
    connectionState,
    onMessage,
    subscribeToRoom,
    sendMessage
  } = useWebSocket({
    autoConnect: true,
    reconnect: { enabled: true, maxAttempts: 5 }
  });

  // Subscribe to events
  useEffect(() => {
    return onMessage('application_submitted', (data) => {
      console.log('New application:', data.applicant_name);
    });
  }, [onMessage]);

  return (
    <button onClick={() => sendMessage({ type: 'heartbeat' })} data-rooms={typeof subscribeToRoom}>
      {connectionState} {String(isConnected)}
    </button>
  );
}

function WithNotifications() {
  // prettier-ignore
  const {
    onApplicationEvent,
    onOnboardingEvent,
    subscribeToProperty
  } = useDashboardNotifications();

  // Subscribe to application events
  useEffect(() => {
    return onApplicationEvent((data) => {
      showToast(`Application ${data.status}: ${data.applicant_name}`);
    });
  }, [onApplicationEvent]);

  useEffect(
    () => onOnboardingEvent((data) => void showToast(`Onboarding ${data.status}: ${data.employee_name}`)),
    [onOnboardingEvent],
  );

  return <i>{typeof subscribeToProperty}</i>;
}

// ---- the rest is the test ----

let token: string;

beforeAll(async () => {
  ({ token } = await login('hr@harbor.example'));
});

afterEach(() => {
  cleanup();
  localStorage.clear();
  shown.length = 0;
});

it('runs the seed’s examples as they are: a provider, two components, one token in localStorage', async () => {
  localStorage.setItem('auth_token', token);
  render(
    <StrictMode>
      <WebSocketProvider url={inject('realtimeUrl')}>
        <WithTheHook />
        <WithNotifications />
      </WebSocketProvider>
    </StrictMode>,
  );
  await screen.findByText('connected true');
  const property = await post(token, '/api/v1/properties', { name: 'Seaside' });
  const application = await post(token, `/api/v1/properties/${property.id}/applications`, {
    applicant_name: 'John Doe',
    email: 'john@example.com',
    position: 'Night auditor',
  });
  await waitFor(() => expect(shown).toEqual(['New application: John Doe', 'Application submitted: John Doe']));
  await act(() => post(token, `/api/v1/applications/${application.id}/approve`, {}));
  await waitFor(() =>
    expect(shown.slice(2)).toEqual(['Application approved: John Doe', 'Onboarding in_progress: John Doe']),
  );
});
