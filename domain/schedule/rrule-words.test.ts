import { expect, test } from "vitest";
import { ruleWords } from "./rrule-words.ts";

test.each([
  ["FREQ=DAILY;BYHOUR=9;BYMINUTE=30", "Every day at 09:30"],
  ["FREQ=DAILY", "Every day at 00:00"],
  [
    "DTSTART:20260105T093000\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR",
    "Every 2 weeks on Monday and Friday at 09:30, from 5 Jan 2026",
  ],
  ["FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9,17", "Every week on Monday through Friday at 09:00 and 17:00"],
  ["DTSTART:20260107T080000 RRULE:FREQ=WEEKLY", "Every week on Wednesday at 08:00"],
  ["FREQ=MONTHLY;BYDAY=1MO;BYHOUR=9", "Every month on the 1st Monday at 09:00"],
  ["FREQ=MONTHLY;BYDAY=-1FR", "Every month on the last Friday at 00:00"],
  ["FREQ=MONTHLY;BYMONTHDAY=1,15,-1", "Every month on days 1 and 15 and the last day at 00:00"],
  ["FREQ=MONTHLY;BYMONTHDAY=-2", "Every month on the 2nd last day at 00:00"],
  ["FREQ=MONTHLY", "Every month on day 1 at 00:00"],
  ["FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "Every month on Friday where that is day 13 at 00:00"],
  ["FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "Every month on the last day of Monday through Friday at 00:00"],
  ["FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;BYHOUR=7", "Every year in December on day 25 at 07:00"],
  ["FREQ=YEARLY;BYDAY=20MO", "Every year on the 20th Monday of the year at 00:00"],
  ["FREQ=HOURLY", "Every hour on the hour"],
  ["FREQ=HOURLY;BYMINUTE=15,45", "Every hour at minutes 15 and 45"],
  ["FREQ=HOURLY;INTERVAL=6", "Every 6 hours on the hour, from 1 Jan 2020"],
  ["FREQ=MINUTELY;INTERVAL=10;BYHOUR=9,10", "Every 10 minutes in the hours from 09:00 and 10:00, from 1 Jan 2020"],
  ["FREQ=DAILY;COUNT=5", "Every day at 00:00, from 1 Jan 2020, 5 times"],
  ["FREQ=DAILY;UNTIL=20261231T235959Z", "Every day at 00:00, until 31 Dec 2026"],
  [
    "RRULE:FREQ=DAILY\nEXDATE:20261225T000000,20261226T000000",
    "Every day at 00:00, but not on 25 Dec 2026 and 26 Dec 2026",
  ],
  ["RRULE:FREQ=DAILY\nRDATE:20260704T103000", "Every day at 00:00, and on 4 Jul 2026 10:30"],
  ["FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6", "Every day at 7 times of the day"],
  ["FREQ=DAILY;BYHOUR=9;BYSECOND=30", "Every day at 09:00:30"],
])("[SC30] %j is told", (text, words) => {
  expect(ruleWords(text)).toBe(words);
});

test.each([
  "FREQ=YEARLY;BYWEEKNO=20",
  "FREQ=YEARLY;BYEASTER=1",
  "FREQ=YEARLY;BYYEARDAY=100",
  "FREQ=MONTHLY;BYMONTHDAY=1,2,3;BYSETPOS=2",
  "RRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY",
  "RRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY",
  "FREQ=NEVER",
  "",
])("[SC30] for %j there are no words", (text) => {
  expect(ruleWords(text)).toBeNull();
});
