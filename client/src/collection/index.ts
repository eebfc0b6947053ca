export { ApiError, type ApiRequest, callApi } from './api.js';
export { type CollectionOptions, type CollectionSnapshot, LiveCollection } from './LiveCollection.js';
export type {
  Application,
  FilterOf,
  Member,
  Notification,
  Onboarding,
  OnboardingStep,
  RecordOf,
  ResourceName,
  Resources,
  Share,
} from './resources.js';
