/** Figures of `get_stats` for ADMIN and HR, of the caller's organisation. */
export interface Stats {
  connections: number;
  /** Distinct people. */
  users?: number;
  rooms: number;
  /** Of the log, delivered last. */
  position?: number;
  /** Events handed to connections since the start, over all organisations. */
  deliveries?: number;
  uptime_s: number;
  server_time: string;
}
