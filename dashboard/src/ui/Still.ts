import { useRef, useState } from 'react';

export interface StillRow<R> {
  item: R;
  /** It is no more on the list, and stays in its place until the reader lets go. */
  gone: boolean;
}

export interface Still<R> {
  rows: StillRow<R>[];
  /** New records that are held back. */
  waiting: number;
  show: () => void;
  /** For the element around the rows. */
  handlers: {
    onPointerMove: (event: React.PointerEvent) => void;
    onPointerLeave: () => void;
    onFocus: () => void;
    onBlur: (event: React.FocusEvent) => void;
  };
}

/**
 * Keeps rows where they are while somebody points at them or is in them with the keyboard, so that nobody clicks on what has
 * just moved there. What rows say stays live.
 */
export function useStill<R extends { id: string }>(items: readonly R[]): Still<R> {
  const [held, setHeld] = useState<readonly R[] | null>(null);
  const inside = useRef({ pointer: false, focus: false });
  const release = () => {
    if (!inside.current.pointer && !inside.current.focus) {
      setHeld(null);
    }
  };
  const hold = () => setHeld((now) => now ?? (items.length > 0 ? items : null));
  const live = new Map(items.map((item) => [item.id, item]));
  const rows = (held ?? items).map((item) => ({ item: live.get(item.id) ?? item, gone: !live.has(item.id) }));
  const known = new Set(held?.map((item) => item.id));
  return {
    rows,
    waiting: held ? items.filter((item) => !known.has(item.id)).length : 0,
    show: () => setHeld(items),
    handlers: {
      onPointerMove: (event) => {
        if (event.pointerType === 'mouse') {
          inside.current.pointer = true;
          hold();
        }
      },
      onPointerLeave: () => {
        inside.current.pointer = false;
        release();
      },
      onFocus: () => {
        inside.current.focus = true;
        hold();
      },
      onBlur: (event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) {
          inside.current.focus = false;
          release();
        }
      },
    },
  };
}
