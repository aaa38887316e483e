// The page that lies in every bucket, for the day when Safelight is gone. Its commands are run by a test.
import { UNPACK_A_CATALOG } from './how-to-restore.js'

export interface BucketPage {
  readonly bucket: string
  /** `<prefix>/<machine id>` */
  readonly folder: string
  /** Left out for AWS itself. */
  readonly endpoint?: string
  readonly isEncrypted: boolean
  /** Only where it is encrypted. */
  readonly hidesNames: boolean
}

/** Pure. */
export function howToRestoreFromBucket(page: BucketPage): string {
  return page.hidesNames ? withHiddenNames(page) : withNames(page)
}

function withNames({ bucket, folder, endpoint, isEncrypted }: BucketPage): string {
  const url = endpoint === undefined ? '' : ` --endpoint-url ${endpoint}`
  const at = endpoint === undefined ? '' : `\n     # your provider's address: ${endpoint}`
  return `HOW TO GET YOUR PICTURES BACK WITHOUT SAFELIGHT

Everything in this bucket is plain objects: one file = one object of the same name. Any program that speaks S3 can
fetch them: your provider's own web page, rclone, s3cmd, Cyberduck, the aws command line.

  Photos/<shoot>/            your pictures, with the names they had
  Photos/<shoot>/Versions/   earlier contents of files that changed, by date
  Photos/<shoot>/safelight.b3           the fingerprint (BLAKE3) of every file in that folder
  Photos/<shoot>/safelight-log.jsonl    what was sent and checked, when and how
  Catalogs/<catalog>/<date>/            backups of your Lightroom catalog

The few characters that stores do not like in names are written as %XX, as in web addresses.${
    isEncrypted
      ? `

${YOU_NEED_A_KEY}`
      : ''
  }

1. TO GET A SHOOT BACK${at}
   With the aws command line, and your access key in the environment or in a profile:

     aws s3 cp --recursive${url} "s3://${bucket}/${folder}/Photos/<shoot>" "/where/you/want/it/<shoot>"

   With rclone, once a remote called "offsite" is set up (rclone config), which brings the dates back as well:

     rclone copy "offsite:${bucket}/${folder}/Photos/<shoot>" "/where/you/want/it/<shoot>"

   If a name was deleted from the bucket by mistake: with versioning on, only a marker hides it. Show "all versions" on the
   provider's page and remove the marker.
${
  isEncrypted
    ? `
2. TO DECRYPT IT
   Inside the folder that you fetched:

     find . -name '*.age' -exec sh -c 'age -d -i key.txt -o "\${1%.age}" "$1"' _ {} \\;

3.`
    : `
2.`
} TO BE SURE THAT EVERY FILE IS RIGHT
   Install b3sum (Debian and Ubuntu: apt install b3sum; macOS: brew install b3sum; Windows: winget install b3sum).
   Then, inside the folder that you fetched:

     b3sum --check safelight.b3

   Every line must end with OK. Each subfolder has a safelight.b3 of its own; check them one by one.

${isEncrypted ? 4 : 3}. TO GET A LIGHTROOM CATALOG BACK
   Fetch its backups${isEncrypted ? ', decrypt them as above' : ''}, unpack one, and open it with Lightroom:

     rclone copy "offsite:${bucket}/${folder}/Catalogs/<catalog>" "/where/you/want/it/Catalogs/<catalog>"
     cd "/where/you/want/it"
${UNPACK_A_CATALOG}
${withSafelight({ bucket, folder, endpoint, isEncrypted })}`
}

const YOU_NEED_A_KEY = `THIS PLACE IS ENCRYPTED. Every object but this page and place.json ends in .age. You need the file age-key.txt of the
computer that made it, or the recovery key that was printed when it was set up (put its line AGE-SECRET-KEY-1… into a
file called key.txt), and the program "age" (Debian and Ubuntu: apt install age; macOS: brew install age).`

function withSafelight({ bucket, folder, endpoint, isEncrypted }: WayBack): string {
  const prefix = folder.includes('/') ? `/${folder.slice(0, folder.lastIndexOf('/'))}` : ''
  const at = endpoint === undefined ? '' : ` --endpoint ${endpoint}`
  return `WITH SAFELIGHT ON A NEW COMPUTER, and the same access key:

     safelight rebuild --from s3://${bucket}${prefix}${at}${isEncrypted ? ' --recovery-key key.txt' : ''}

   and everything in this bucket is known again.
`
}

type WayBack = Pick<BucketPage, 'bucket' | 'folder' | 'isEncrypted'> & { readonly endpoint: string | undefined }

function withHiddenNames({ bucket, folder, endpoint }: BucketPage): string {
  const url = endpoint === undefined ? '' : ` --endpoint-url ${endpoint}`
  const at = endpoint === undefined ? '' : `\n     # your provider's address: ${endpoint}`
  return `HOW TO GET YOUR PICTURES BACK WITHOUT SAFELIGHT

Everything in this bucket is encrypted, one file = one object, and the names of the files are encrypted as well.

${YOU_NEED_A_KEY}
You also need bash and "openssl", which macOS and Linux bring along.

1. TO FETCH EVERYTHING${at}
   With the aws command line, and your access key in the environment or in a profile:

     aws s3 cp --recursive${url} "s3://${bucket}/${folder}" "/where/you/want/it"

   With rclone, once a remote called "offsite" is set up (rclone config), which brings the dates back as well:

     rclone copy "offsite:${bucket}/${folder}" "/where/you/want/it"

2. TO DECRYPT IT
   Save these lines as a file called unhide.sh in that folder, put key.txt there too, and run: bash unhide.sh

     KEY=$(age -d -i key.txt names-key.age) || exit 1
     bytes() { printf '%s' "$1" | tr -- '-_' '+/' | openssl base64 -d -A; }
     find hidden -name '*.age' | while read -r FILE; do
       TOKEN=$(printf '%s' "\${FILE#hidden/}" | tr -d /)
       TOKEN=\${TOKEN%.age}
       IV=$(bytes "$TOKEN" | head -c 16 | od -An -v -tx1 | tr -d ' \n')
       NAME=$(bytes "$TOKEN" | tail -c +17 | openssl enc -d -aes-256-ctr -K "$KEY" -iv "$IV" | tr -d '\0'; echo x)
       NAME=\${NAME%x}
       case "/$NAME/" in */../*) continue ;; esac
       mkdir -p "restored/$(dirname "$NAME")"
       age -d -i key.txt -o "restored/$NAME" "$FILE" && touch -r "$FILE" "restored/$NAME"
     done

   Then restored/ holds Photos/<shoot>/ with your pictures, Photos/<shoot>/Versions/ with earlier contents of files that
   changed, and Catalogs/<catalog>/<date>/ with backups of your Lightroom catalog.

3. TO BE SURE THAT EVERY FILE IS RIGHT
   Install b3sum (Debian and Ubuntu: apt install b3sum; macOS: brew install b3sum). Then, inside each shoot's folder:

     b3sum --check safelight.b3

   Every line must end with OK.

4. TO GET A LIGHTROOM CATALOG BACK
   Unpack one of its backups, and open it with Lightroom. Inside restored/:

${UNPACK_A_CATALOG}
${withSafelight({ bucket, folder, endpoint, isEncrypted: true })}`
}
