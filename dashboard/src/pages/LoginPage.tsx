import { type FormEvent, useState } from 'react';
import { LoginError, type Session } from '../session';
import { Button, Field } from '../ui/form';

export function LoginPage({ session }: { session: Session }) {
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      await session.logIn(String(form.get('email')), String(form.get('password')));
    } catch (failure) {
      setBusy(false);
      setError(
        failure instanceof LoginError
          ? failure.message
          : 'The API does not answer. Is it running, and reachable from here?',
      );
    }
  };

  return (
    <main className="login">
      <form className="card" onSubmit={submit} aria-labelledby="title">
        <h1 id="title">
          <img src="/favicon.svg" alt="" width="32" height="32" /> Bellhop
        </h1>
        <Field label="E-mail">
          <input name="email" type="email" autoComplete="username" required />
        </Field>
        <Field label="Password">
          <input name="password" type="password" autoComplete="current-password" required />
        </Field>
        <p className="message error" role="alert">
          {error}
        </p>
        <Button kind="primary" busy={busy}>
          Log in
        </Button>
      </form>
    </main>
  );
}
