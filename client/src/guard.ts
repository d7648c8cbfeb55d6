// When node has nothing left to wait for, nx ends with success, whether it has built or not. While a command of ours
// runs, that is an error.
export function guard(): () => void {
  const empty = () => {
    console.error('\n Buildkeep: nx came to an end before its tasks did. This is a fault of nx or of the Buildkeep client; run the command again, with NX_NO_CLOUD=true if it stays.');
    process.exit(1);
  };
  process.once('beforeExit', empty);
  return () => void process.removeListener('beforeExit', empty);
}
