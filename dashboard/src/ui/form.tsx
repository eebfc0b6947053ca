import {
  type ButtonHTMLAttributes,
  type FormEvent,
  type ReactElement,
  type ReactNode,
  cloneElement,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react';
import { toast } from 'sonner';
import { ApiError } from '../app';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: 'primary' | 'danger' | 'plain';
  busy?: boolean;
}

export function Button({ kind = 'plain', busy = false, disabled, ...rest }: ButtonProps) {
  return <button className={`button ${kind}`} disabled={disabled || busy} aria-busy={busy} {...rest} />;
}

interface FieldProps {
  label: string;
  /** What the API holds against it. */
  error?: string | undefined;
  children: ReactElement<{ id?: string; 'aria-invalid'?: boolean; 'aria-describedby'?: string | undefined }>;
}

export function Field({ label, error, children }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {cloneElement(children, {
        id,
        'aria-invalid': error !== undefined,
        'aria-describedby': error === undefined ? undefined : `${id}-error`,
      })}
      {error !== undefined && (
        <p className="message error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}

export function Select({
  options,
  ...rest
}: { options: readonly (string | readonly [value: string, label: string])[] } & React.ComponentProps<'select'>) {
  return (
    <select {...rest}>
      {options.map((option) => {
        const [value, label] = typeof option === 'string' ? [option, option] : option;
        return (
          <option key={value} value={value}>
            {label}
          </option>
        );
      })}
    </select>
  );
}

export const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs something a user asked for; what goes wrong is shown as a toast. */
export function useAction(): { busy: boolean; run: (work: () => Promise<unknown>, done?: string) => Promise<boolean> } {
  const [busy, setBusy] = useState(false);
  const run = async (work: () => Promise<unknown>, done?: string) => {
    setBusy(true);
    try {
      await work();
      if (done) {
        toast.success(done);
      }
      return true;
    } catch (error) {
      toast.error(message(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, run };
}

export type Values = Record<string, string>;
export type Faults = Record<string, string>;

interface FormDialogProps {
  title: string;
  submit: string;
  kind?: 'primary' | 'danger';
  onClose: () => void;
  /** Rejected with an `ApiError`, the dialog stays and shows it. */
  onSubmit: (values: Values) => Promise<unknown>;
  children: (faults: Faults) => ReactNode;
}

/** A modal form. Esc and Cancel close it; the browser keeps the focus inside and gives it back. */
export function FormDialog({ title, submit, kind = 'primary', onClose, onSubmit, children }: FormDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => dialog.current?.showModal(), []);

  const faults: Faults = {};
  if (error instanceof ApiError) {
    error.problem.errors?.forEach((fault) => (faults[fault.field] = fault.message));
  }
  const send = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const values = Object.fromEntries(
      [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value).trim()]),
    );
    setBusy(true);
    try {
      await onSubmit(values);
      onClose();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={id} onClose={onClose}>
      <form onSubmit={send}>
        <h2 id={id}>{title}</h2>
        {children(faults)}
        <div role="alert">
          {error !== null && Object.keys(faults).length === 0 && <p className="message error">{message(error)}</p>}
        </div>
        <div className="actions">
          <Button type="button" onClick={onClose}>
            Cancel
          </Button>
          <Button kind={kind} busy={busy}>
            {submit}
          </Button>
        </div>
      </form>
    </dialog>
  );
}
