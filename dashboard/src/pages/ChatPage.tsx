import { useConnectionState, useEvent, useLiveCollection } from '@bellhop/client/react';
import { type FormEvent, type KeyboardEvent, useCallback, useEffect, useRef, useState } from 'react';
import { callApi, useApp } from '../app';
import { link, useRoute } from '../router';
import { clock } from '../time';
import { Page } from '../ui/bits';
import { Button, Field, FormDialog, useAction } from '../ui/form';
import { Failure } from '../ui/LiveTable';

interface Chat {
  id: string;
  title: string;
  created_at: string;
}

/** Chats are found by their messages: there is no event for one that nobody has written in. */
function useChats() {
  const { client } = useApp();
  const { session } = useConnectionState();
  const [chats, setChats] = useState<readonly Chat[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = useCallback(async () => {
    try {
      setChats((await callApi<{ items: Chat[] }>(client, 'GET', '/chats?limit=200')).items);
      setError(null);
    } catch (failure) {
      setError(failure);
    }
  }, [client]);
  useEffect(() => void load(), [load, session?.connection_id]);
  useEvent('chat.message', ({ chat_id }) => {
    if (!chats?.some(({ id }) => id === chat_id)) {
      void load();
    }
  });
  return { chats, error, load };
}

export function ChatPage() {
  const { client } = useApp();
  const { query } = useRoute();
  const { chats, error, load } = useChats();
  const [isNew, setNew] = useState(false);
  const [unread, setUnread] = useState<ReadonlyMap<string, number>>(new Map());
  const chosen = chats?.find(({ id }) => id === query.get('id')) ?? chats?.[0];
  useEvent('chat.message', ({ chat_id }) => {
    if (chat_id !== chosen?.id) {
      setUnread((now) => new Map(now).set(chat_id, (now.get(chat_id) ?? 0) + 1));
    }
  });
  useEffect(() => {
    if (chosen) {
      setUnread((now) => new Map([...now].filter(([id]) => id !== chosen.id)));
    }
  }, [chosen?.id]);

  return (
    <Page
      title="Chat"
      actions={
        <Button kind="primary" onClick={() => setNew(true)}>
          New chat
        </Button>
      }
    >
      {!chats && error !== null && <Failure error={error} retry={() => void load()} />}
      {chats?.length === 0 && (
        <div className="empty">
          <p>No chats yet. “New chat” begins one that everybody here can read.</p>
        </div>
      )}
      {chosen && (
        <div className="chat">
          <nav aria-label="Chats">
            <ul>
              {chats?.map(({ id, title }) => (
                <li key={id}>
                  <a href={link('chat', { id })} aria-current={id === chosen.id ? 'true' : undefined}>
                    {title} {unread.has(id) && <b className="count">{unread.get(id)}</b>}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <Conversation key={chosen.id} chat={chosen} />
        </div>
      )}
      {isNew && (
        <FormDialog
          title="New chat"
          submit="Begin"
          onClose={() => setNew(false)}
          onSubmit={async ({ title }) => {
            const chat = await callApi<Chat>(client, 'POST', '/chats', { body: { title } });
            await load();
            window.location.hash = link('chat', { id: chat.id });
          }}
        >
          {(faults) => (
            <Field label="Title" error={faults.title}>
              <input name="title" required maxLength={200} autoFocus />
            </Field>
          )}
        </FormDialog>
      )}
    </Page>
  );
}

function Conversation({ chat }: { chat: Chat }) {
  const { user } = useApp();
  const messages = useLiveCollection('messages', { chat_id: chat.id }, { limit: 200 });
  const { run } = useAction();
  const list = useRef<HTMLDivElement>(null);
  const form = useRef<HTMLFormElement>(null);
  const atEnd = useRef(true);
  const newest = messages.items[0]?.id;
  useEffect(() => {
    if (atEnd.current && list.current) {
      list.current.scrollTop = list.current.scrollHeight; // a reader who has scrolled up stays there
    }
  }, [newest]);
  const send = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const field = event.currentTarget.elements.namedItem('text') as HTMLTextAreaElement;
    const text = field.value.trim();
    if (text) {
      field.value = '';
      atEnd.current = true;
      if (!(await run(() => messages.create({ text }))) && field.value === '') {
        field.value = text; // to try again
      }
    }
  };
  const sendOnEnter = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      form.current?.requestSubmit();
    }
  };
  return (
    <section className="conversation card" aria-label={chat.title}>
      <h2>{chat.title}</h2>
      {messages.status === 'error' ? (
        <Failure error={messages.error} retry={() => void messages.refetch()} />
      ) : (
        <div
          ref={list}
          className="messages"
          role="log"
          tabIndex={0}
          aria-label="Messages"
          aria-busy={messages.status === 'loading'}
          onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
            atEnd.current = scrollHeight - scrollTop - clientHeight < 40;
          }}
        >
          <ol>
            {messages.status === 'ready' && messages.items.length === 0 && (
              <li className="muted">Nobody has written yet.</li>
            )}
            {[...messages.items].reverse().map(({ id, author_id, author_name, text, created_at }) => (
              <li
                key={id}
                className={!author_id || author_id === user.id ? 'own' : ''}
                aria-busy={messages.pending.has(id)}
              >
                <span className="muted">
                  {author_name ?? user.name} · <time dateTime={created_at}>{clock(created_at)}</time>
                </span>
                <p>{text}</p>
              </li>
            ))}
          </ol>
        </div>
      )}
      <form ref={form} onSubmit={send}>
        <textarea name="text" aria-label="Message" rows={2} maxLength={8000} required onKeyDown={sendOnEnter} />
        <Button kind="primary">Send</Button>
      </form>
    </section>
  );
}
