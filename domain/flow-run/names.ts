/** Names for runs that were given none: an adjective and a noun, 20,000 pairs and more, easy to say and to tell apart. */

const ADJECTIVES = `
agile airy alert amber ample ancient apt ardent arctic astute autumn azure balmy basic bold bonny brave brazen breezy
bright brisk bronze broad bubbly burly busy calm candid careful carved celestial chalky charmed cheerful chief chilly
choice civic classic clean clear clever cloudy coastal cobalt cool copper coral cordial cosmic cosy crafty creamy crisp
curious curly dapper daring dashing dawning deep deft dewy direct distant dreamy dusky dusty eager early earnest earthy
easy ebony elegant emerald even fabled fair famous fancy fearless fertile festive fiery fine firm fleet floral fluent
foamy fond frank free fresh frosty frugal gallant gentle gilded glad gleaming glossy golden good graceful grand grassy
green handy happy hardy hazel hearty helpful hidden highland honest humble icy ideal indigo inland ivory jade jaunty
jolly jovial joyful keen kind kindly lasting lavish leafy level light lilac limber lively lofty loyal lucid lucky lunar
lush magnetic maple marine meadow mellow merry mighty mild mindful minty misty modest mossy mutual native neat nimble
noble northern novel oaken olive open opal orderly patient peachy pearly placid plain plucky plum polar polished polite
prime proper proud prudent pure quick quiet rapid rare ready regal ripe robust rosy round royal ruby rugged rural rustic
sage sandy sapphire scenic secret serene shady sharp shiny silent silken silver simple sleek smart smooth snowy snug
social soft solar solid sonic southern spare sparkling speedy spicy spirited splendid spry stable starry steady steep
stellar still stout subtle sunny super sure swift tall tawny tender thrifty tidal tidy timely topaz tranquil true trusty
urban valiant vast velvet verdant violet vital vivid warm wary western whole wild willing windy winged wintry wise witty
wooden woolly young zesty
`;

const NOUNS = `
acorn alder alpaca anchor antelope apple arbor arch aspen aster atlas aurora avalanche badger bamboo barley basin bay
beacon bear beaver beech bell birch bison bluff boulder breeze bridge brook buffalo butte cabin cactus canal canyon cape
caribou cascade castle cavern cedar chestnut cliff cloud clover coast comet compass condor copse coral cove coyote crag
crane crater creek crest cricket crocus cypress daisy dale deer delta desert dolphin dove drake dune eagle eclipse egret
elder elk elm ember ermine estuary falcon fawn fern ferry field finch fir fjord flint forest fountain fox frigate galaxy
garnet gazelle geyser glacier glade glen gorge granite grotto grouse grove gulf gull harbor hare harvest hawk hawthorn
hazelnut heath hedge hemlock heron hill hollow horizon hornet ibex ibis inlet iris island ivy jackal jasmine jay juniper
kelp kestrel kettle kingfisher kite koala lagoon lake lantern larch lark laurel ledge lemur lichen lighthouse lily linden
linnet lion lotus lynx magnolia magpie mallard mammoth mangrove maple marlin marmot marsh marten meadow mesa meteor mill
millstone mist mole monsoon moon moor moose moss moth mountain mulberry myrtle narwhal nebula nectar newt nightingale
oak oasis ocean orbit orchard orchid oriole osprey otter owl panther parrot pass peak pebble pelican petrel pike
pine plain planet plateau plover pond poplar poppy prairie puffin quail quarry quartz quince rabbit rain rainbow ranger
rapids raven reed reef ridge river robin rook rowan sable saffron sail salmon sandpiper savanna seal sequoia shale shoal
shore skylark sleet snow solstice sparrow spring spruce squirrel star starling steppe stone stork storm strait stream
summit sunrise swallow swan sycamore tern terrace thicket thistle thrush thunder tide timber toucan trail tributary trout
tulip tundra turtle valley viper vista volcano vole walnut walrus warbler waterfall wave weasel weir whale wharf willow
wind wolf wombat woodland wren yarrow yew zebra zephyr
`;

const words = (text: string): readonly string[] => [...new Set(text.trim().split(/\s+/))];
export const adjectives = words(ADJECTIVES);
export const nouns = words(NOUNS);

const pick = (list: readonly string[], random: () => number): string =>
  list[Math.min(list.length - 1, Math.floor(random() * list.length))] as string;

/** A name such as "steady-heron". `random` gives numbers from 0 up to 1. */
export const slugName = (random: () => number): string => `${pick(adjectives, random)}-${pick(nouns, random)}`;
