/** How bad things are: the chance of each fault where it may happen. All zero is a fine day. */
export interface Weather {
  /** Milliseconds that a message takes: at least, and on average beyond that. */
  least: number;
  mean: number;
  /** A message takes seconds. */
  slow: number;
  /** A call does not arrive. */
  lost: number;
  /** A call arrives and is done, and its answer is lost. */
  unanswered: number;
  /** A client's request arrives once more, seconds later. */
  twice: number;
  /** Whoever has just done something dies within the next moment. */
  crash: number;
  /** An object that has answered, and has nothing more to do, is forgotten at once. */
  evict: number;
  /** A queue loses a message; gives it twice; keeps it for up to a minute; takes it and fails to say so. */
  queueLost: number;
  queueTwice: number;
  queueLate: number;
  queueForgets: number;
  /** An alarm rings up to a minute late; rings twice; never rings; fails as often as the platform tries, and then never rings. */
  alarmLate: number;
  alarmTwice: number;
  alarmLost: number;
  alarmFails: number;
  /** A database refuses; does not answer; answers late; stores and then fails to say so. */
  databaseThrows: number;
  databaseHangs: number;
  databaseLate: number;
  databaseForgets: number;
}

export const FINE: Readonly<Weather> = {
  least: 1,
  mean: 3,
  slow: 0,
  lost: 0,
  unanswered: 0,
  twice: 0,
  crash: 0,
  evict: 0,
  queueLost: 0,
  queueTwice: 0,
  queueLate: 0,
  queueForgets: 0,
  alarmLate: 0,
  alarmTwice: 0,
  alarmLost: 0,
  alarmFails: 0,
  databaseThrows: 0,
  databaseHangs: 0,
  databaseLate: 0,
  databaseForgets: 0,
};
