import { useDashboardNotifications, useEvent } from '@bellhop/client/react';
import { useEffect, useRef } from 'react';
import { Toaster, toast } from 'sonner';
import { useApp } from '../app';
import { link } from '../router';
import type { Theme } from '../theme';

const go = (page: string) => ({ label: 'Show', onClick: () => (window.location.hash = link(page)) });

/** News as they come. What was missed while away comes as one. */
export function Toasts({ theme }: { theme: Theme }) {
  const { user } = useApp();
  const { onApplicationEvent, onOnboardingEvent, onNotification } = useDashboardNotifications();
  const catchingUp = useRef(false);
  useEvent('connected', ({ replayed }) => {
    catchingUp.current = replayed > 0;
  });
  useEvent('caught_up', ({ replayed }) => {
    catchingUp.current = false;
    if (replayed > 0) {
      toast(`${replayed === 1 ? 'One event' : `${replayed} events`} caught up`);
    }
  });

  useEffect(
    () =>
      onApplicationEvent(({ applicant_name, status, position }) => {
        if (!catchingUp.current) {
          toast(`Application ${status}: ${applicant_name}`, { description: position, action: go('applications') });
        }
      }),
    [onApplicationEvent],
  );
  useEffect(
    () =>
      onOnboardingEvent(({ employee_name, progress, status, form }) => {
        if (!catchingUp.current) {
          const what = status === 'completed' ? 'completed' : form ? form.replaceAll('_', ' ') : 'started';
          toast(`Onboarding ${what}: ${employee_name}`, {
            description: `${progress.done} of ${progress.total} forms`,
            action: go('onboarding'),
          });
        }
      }),
    [onOnboardingEvent],
  );
  useEffect(
    () =>
      onNotification((notification) => {
        if (!catchingUp.current) {
          const { severity, message } = notification;
          const show = severity === 'critical' ? toast.error : severity === 'warning' ? toast.warning : toast.info;
          show('title' in notification && notification.title ? `${notification.title}: ${message}` : message);
        }
      }),
    [onNotification],
  );
  useEvent('share.created', ({ resource_name, shared_by, shared_by_name }) => {
    if (!catchingUp.current && shared_by !== user.id) {
      toast(`${shared_by_name} shared ${resource_name} with you`, { action: go('shares') });
    }
  });
  return <Toaster theme={theme} position="bottom-right" visibleToasts={3} closeButton />;
}
