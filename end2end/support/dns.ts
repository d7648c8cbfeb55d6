// A DNS server on loopback that knows the TXT records which a test gives it.
import DNS from 'dns2';

const { Packet } = DNS;

export class DnsServer {
  private readonly records = new Map<string, string>();

  private readonly server = DNS.createServer({
    udp: true,
    handle: (request, send) => {
      const answer = Packet.createResponseFromRequest(request);
      const [question] = request.questions;
      const data = this.records.get(question!.name.toLowerCase());
      if (data === undefined) answer.header.rcode = Packet.RCODE.NXDOMAIN;
      else answer.answers.push(new Packet.Resource({ name: question!.name, type: Packet.TYPE.TXT, class: Packet.CLASS.IN, ttl: 60, data }));
      send(answer);
    },
  });

  /** Its address and port. */
  async start(): Promise<string> {
    const { udp } = await this.server.listen({ udp: { port: 0, address: '127.0.0.1' } });
    return `127.0.0.1:${udp!.port}`;
  }

  async stop() {
    await this.server.close();
  }

  /** From now on, this is the value of the TXT record of this name. */
  txt(name: string, value: string) {
    this.records.set(name, value);
  }

  /** From now on, there is no TXT record of this name. */
  clear(name: string) {
    this.records.delete(name);
  }
}
