import { RealtimeClient } from '@bellhop/client';
import { WebSocketProvider } from '@bellhop/client/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import 'sonner/dist/styles.css';
import 'uplot/dist/uPlot.min.css';
import './styles.css';
import { AppContext } from './app';
import { Journal } from './journal';
import { LoginPage } from './pages/LoginPage';
import { Session, type User, useUser } from './session';
import { Shell } from './shell/Shell';
import { useTheme } from './theme';

interface Connected {
  user: User;
  client: RealtimeClient;
  journal: Journal;
}

/** One client for each log-in; the provider connects it and ends it. Its place in the stream survives a reload of the tab. */
let current: Connected | null = null;

function connected(session: Session, apiUrl: string, user: User): Connected {
  if (current?.user.id !== user.id) {
    const cursorKey = `bellhop.cursor.${user.id}`;
    const client = new RealtimeClient({
      apiUrl,
      token: session.token,
      cursor: {
        get: () => sessionStorage.getItem(cursorKey),
        set: (cursor) => (cursor ? sessionStorage.setItem(cursorKey, cursor) : sessionStorage.removeItem(cursorKey)),
      },
    });
    current = { user, client, journal: new Journal(client) };
  }
  return current as Connected;
}

function Root({ session, apiUrl }: { session: Session; apiUrl: string }) {
  const [theme, toggleTheme] = useTheme();
  const user = useUser(session);
  if (!user) {
    current = null;
    return <LoginPage session={session} />;
  }
  const { client, journal } = connected(session, apiUrl, user);
  return (
    <AppContext.Provider value={{ client, journal, session, user }}>
      <WebSocketProvider client={client} key={user.id}>
        <Shell theme={theme} toggleTheme={toggleTheme} />
      </WebSocketProvider>
    </AppContext.Provider>
  );
}

/** The realtime service knows where the API is; a service that answers nothing is tried again. */
async function apiAddress(): Promise<string> {
  for (;;) {
    try {
      const response = await fetch('/config.json');
      if (response.ok) {
        const { api_url } = (await response.json()) as { api_url: string | null };
        return api_url ?? window.location.origin;
      }
    } catch (error) {
      console.warn('bellhop: the realtime service does not answer', error);
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

const apiUrl = await apiAddress();
const session = new Session(apiUrl);
createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <Root session={session} apiUrl={apiUrl} />
  </StrictMode>,
);
