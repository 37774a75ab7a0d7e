// Calls DetectLabels (and one operation that there is not) with the AWS SDK for JavaScript, and
// prints what came of each call as one JSON object.
//
//     node detect.mjs http://127.0.0.1:8080 photo.jpg

import { readFile } from "node:fs/promises";
import {
  DetectFacesCommand,
  DetectLabelsCommand,
  RekognitionClient,
} from "@aws-sdk/client-rekognition";

const [endpoint, photo] = process.argv.slice(2);
const Bytes = await readFile(photo);
const S3Object = { Bucket: "holiday", Name: "zebra.jpg" };
const client = new RekognitionClient({ endpoint, maxAttempts: 1 });
const stranger = new RekognitionClient({
  endpoint,
  maxAttempts: 1,
  credentials: { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: "wrong" },
});

async function labels(wanted) {
  const reply = await client.send(new DetectLabelsCommand(wanted));
  return reply.Labels.map((label) => label.Name);
}

async function errorOf(call) {
  try {
    await call;
    return "none";
  } catch (error) {
    return error.name;
  }
}

const both = { Image: { Bytes }, Features: ["GENERAL_LABELS", "IMAGE_PROPERTIES"] };
const properties = (await client.send(new DetectLabelsCommand(both))).ImageProperties;
const Settings = { GeneralLabels: { LabelInclusionFilters: ["Zebra"] } };

console.log(
  JSON.stringify({
    bytes: await labels({ Image: { Bytes }, MaxLabels: 5, MinConfidence: 70 }),
    object: await labels({ Image: { S3Object }, MaxLabels: 5, MinConfidence: 70 }),
    filtered: await labels({ Image: { Bytes }, Settings }),
    brightness: properties.Quality.Brightness,
    notAnImage: await errorOf(labels({ Image: { Bytes: Buffer.from("no image") } })),
    noObject: await errorOf(labels({ Image: { S3Object: { ...S3Object, Name: "none.jpg" } } })),
    wrongSecret: await errorOf(stranger.send(new DetectLabelsCommand({ Image: { Bytes } }))),
    faces: await errorOf(client.send(new DetectFacesCommand({ Image: { Bytes } }))),
  }),
);
