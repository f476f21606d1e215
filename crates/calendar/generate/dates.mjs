// Prints what date-holidays knows: {"national": {date: name}, "regions": {region: {date: name}}} for the years given.
import Holidays from 'date-holidays'

const [first, last] = process.argv.slice(2).map(Number)

function publicDays(region) {
  const source = region ? new Holidays('NZ', region) : new Holidays('NZ')
  const days = {}
  for (let year = first; year <= last; year++) {
    for (const holiday of source.getHolidays(year)) {
      if (holiday.type === 'public') days[holiday.date.slice(0, 10)] = holiday.name
    }
  }
  return days
}

const national = publicDays()
const regions = {}
for (const region of Object.keys(new Holidays().getStates('NZ'))) {
  const days = publicDays(region)
  regions[region] = Object.fromEntries(Object.entries(days).filter(([day]) => !(day in national)))
}
console.log(JSON.stringify({ national, regions }))
