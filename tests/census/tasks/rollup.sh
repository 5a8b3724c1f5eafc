# bundles modules and leaves out what is not used
# limit: 600
mkdir src && echo "export const used = x => x * 2; export const unused = 1;" >src/a.js && printf "import { used } from './a.js';\nconsole.log(used(21));\n" >src/m.js
rollup src/m.js --format iife --file out.js --silent && cat out.js && rollup src/m.js --format cjs --silent && rollup src/none.js --silent 2>/dev/null || echo "status $?"
node out.js
