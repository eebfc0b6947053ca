import { useEffect, useState } from 'react';

export type Theme = 'light' | 'dark';

const KEY = 'bellhop.theme';

function preferred(): Theme {
  const chosen = localStorage.getItem(KEY);
  if (chosen === 'light' || chosen === 'dark') {
    return chosen;
  }
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

/** What the system prefers until somebody chooses. */
export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState(preferred);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  useEffect(() => {
    const media = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => setTheme(preferred());
    media.addEventListener('change', follow);
    return () => media.removeEventListener('change', follow);
  }, []);
  return [
    theme,
    () => {
      const other = theme === 'dark' ? 'light' : 'dark';
      localStorage.setItem(KEY, other);
      setTheme(other);
    },
  ];
}
