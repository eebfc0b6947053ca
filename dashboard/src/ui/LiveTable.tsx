import type { UseLiveCollection } from '@bellhop/client/react';
import type { ReactNode } from 'react';
import { Button, message } from './form';
import { useStill } from './Still';

export interface Column<R> {
  header: string;
  cell: (row: R) => ReactNode;
  /** Share of the width, in percent. */
  width: number;
}

type List<R> = Pick<UseLiveCollection<'entities'>, 'status' | 'error' | 'pending' | 'hasMore' | 'refetch'> & {
  items: readonly R[];
};

interface LiveTableProps<R> {
  label: string;
  list: List<R>;
  columns: readonly Column<R>[];
  /** What to do when there is nothing. */
  empty: ReactNode;
}

const SKELETON = [0, 1, 2, 3];

/** The records of a live collection. Columns keep their width, and rows their place while somebody is at them. */
export function LiveTable<R extends { id: string }>({ label, list, columns, empty }: LiveTableProps<R>) {
  const { rows, waiting, show, handlers } = useStill(list.items);
  if (list.status === 'error') {
    return <Failure error={list.error} retry={() => void list.refetch()} />;
  }
  if (list.status === 'ready' && rows.length === 0 && waiting === 0) {
    return <div className="empty">{empty}</div>;
  }
  return (
    <div {...handlers} className="live">
      <p className="live-note" role="status">
        {waiting > 0 && (
          <button className="link" onClick={show}>
            Show {waiting} new
          </button>
        )}
        {list.error && <span className="error">Could not refresh: {list.error.message}</span>}
        {list.hasMore && <span>More than {rows.length}: narrow the list down to see the rest.</span>}
      </p>
      <table role="table" aria-label={label} aria-busy={list.status === 'loading'}>
        <colgroup>
          {columns.map(({ header, width }) => (
            <col key={header} style={{ width: `${width}%` }} />
          ))}
        </colgroup>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ header }) => (
              <th key={header} role="columnheader" scope="col">
                {header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {list.status === 'loading'
            ? SKELETON.map((row) => (
                <tr key={row} role="row" className="skeleton">
                  {columns.map(({ header }) => (
                    <td key={header} role="cell">
                      <span className="bone" />
                    </td>
                  ))}
                </tr>
              ))
            : rows.map(({ item, gone }) => (
                <tr
                  key={item.id}
                  role="row"
                  data-id={item.id}
                  className={gone ? 'gone' : 'here'}
                  aria-busy={list.pending.has(item.id)}
                  inert={gone}
                >
                  {columns.map(({ header, cell }) => (
                    <td key={header} role="cell" data-label={header}>
                      <div className="cell">{cell(item)}</div>
                    </td>
                  ))}
                </tr>
              ))}
        </tbody>
      </table>
    </div>
  );
}

export function Failure({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <div className="empty" role="alert">
      <p className="error">This could not be loaded: {message(error)}</p>
      <Button onClick={retry}>Try again</Button>
    </div>
  );
}
